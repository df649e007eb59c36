import type { AppendResult, NewEvent } from '../buffer/event-buffer.ts'
import type { BufferError } from '../buffer/buffer-error.ts'
import type { BodyCodec } from './body/body-codec.ts'
import type { RecordInput } from './record-input.ts'
import { bytesOf } from './commit-queue.ts'
import type { DedupeIndex } from './dedupe/dedupe-index.ts'
import type { Fingerprint } from './dedupe/fingerprint.ts'
import type { ResolvedDiskBufferOptions } from './resolve-disk-buffer-options.ts'
import { eventIdentity } from '../buffer-kit/event-meta.ts'
import { TransientMap } from '../buffer-kit/transient.ts'
import { encodeEvent } from './event-codec.ts'
import type { Log } from './log.ts'
import { positionOf } from './seq.ts'
import { SingleAppend, type SingleAppendListener } from './single-append.ts'
import type { SpaceGuard } from './space-guard.ts'
import { idsBehind, overloaded } from './write-failure.ts'

/** A call of `append`, and where its events are once all are durable. */
interface Call {
  readonly seqs: Promise<readonly number[]>
}

/** An event that is being written or looked up. A duplicate of it waits for the same call, and fails with it. */
interface InFlight {
  readonly call: Call
  /** Place among the events of its call. */
  readonly index: number
}

/** What is known of an id before its event is stored. */
interface Known {
  readonly fingerprint: Fingerprint | undefined
  readonly original: InFlight | undefined
  readonly seq: ReturnType<DedupeIndex['find']>
}

/** What is known of an event of a call. */
type Place =
  /** It is in the log. */
  | { readonly kind: 'stored'; readonly seq: number }
  /** Its id passed the filter of a run: it has to be looked up. */
  | { readonly kind: 'asked'; readonly seq: Promise<number | undefined>; readonly fingerprint: Fingerprint }
  /** An earlier event has its id. */
  | { readonly kind: 'in-flight'; readonly original: InFlight }
  | { readonly kind: 'fresh'; readonly fingerprint: Fingerprint | undefined }

/** In an object, so that waiting for the turn does not wait for the commit. */
interface Stored {
  readonly firstSeq: Promise<number>
}

type SettledPlace = Exclude<Place, { readonly kind: 'asked' }>

export interface EventIntakeOptions {
  readonly options: Pick<ResolvedDiskBufferOptions, 'clock' | 'maxEventBytes' | 'maxQueuedBytes'>
  readonly log: Log
  /** `undefined`: ids are not compared. */
  readonly dedupe: DedupeIndex | undefined
  readonly guard: SpaceGuard
  readonly bodies: BodyCodec
}

/**
 * Takes events in, each id once within the dedupe window. A duplicate is answered only when its original is durable, and fails with it.
 */
export class EventIntake {
  readonly #options: Pick<ResolvedDiskBufferOptions, 'clock' | 'maxEventBytes' | 'maxQueuedBytes'>
  readonly #log: Log
  readonly #dedupe: DedupeIndex | undefined
  readonly #guard: SpaceGuard
  readonly #bodies: BodyCodec
  readonly #inFlight: TransientMap<Fingerprint, InFlight> = new TransientMap()
  /** The last call that had to wait before it could store; later calls wait for it. */
  #lastTurn: Promise<unknown> | undefined
  /** Bytes of the calls that wait for their turn. */
  #waitingBytes = 0
  readonly #listener: SingleAppendListener = {
    stored: (fingerprint, seq, at) => this.#dedupe?.remember(fingerprint, seq, at),
    over: (fingerprint) => this.#inFlight.delete(fingerprint),
  }

  constructor({ options, log, dedupe, guard, bodies }: EventIntakeOptions) {
    this.#options = options
    this.#log = log
    this.#dedupe = dedupe
    this.#guard = guard
    this.#bodies = bodies
  }

  /** See `EventBuffer.append`. */
  append(events: readonly NewEvent[]): Promise<AppendResult[]> {
    // A caller without types may give no array; who is not async must not throw.
    const isSimple = (events as NewEvent[] | undefined)?.length === 1 && !this.#bodies.compresses
    return isSimple && this.#lastTurn === undefined ? this.#appendOne(events) : this.#appendAll(events)
  }

  /** The way of nearly every event: it is alone and new, and waits for nothing but its commit. */
  #appendOne(events: readonly NewEvent[]): Promise<AppendResult[]> {
    try {
      const event = events[0] as NewEvent
      const record = encodeEvent(event, this.#options.maxEventBytes)
      const known = this.#lookUp(event, this.#options.clock.now())
      if (known.original !== undefined || known.seq !== undefined) return this.#appendAll(events, known)
      const refusal = this.#refusal()
      if (refusal !== undefined) throw refusal
      const single = new SingleAppend(record, known.fingerprint, this.#listener)
      if (known.fingerprint !== undefined) this.#inFlight.set(known.fingerprint, { call: single, index: 0 })
      this.#log.add(single)
      return single.result
    } catch (error) {
      return Promise.reject(error as Error)
    }
  }

  /** `first`: what was found out about the first event. */
  async #appendAll(events: readonly NewEvent[], first?: Known): Promise<AppendResult[]> {
    // Everything that can be refused is refused here, before the call leaves a trace.
    const records = events.map((event) => encodeEvent(event, this.#options.maxEventBytes))
    const call = { seqs: none }
    const now = this.#options.clock.now()
    // All ids are claimed in one turn, so that of two calls with one id the second sees the first.
    const places = events.map((event, index) => {
      const known = index === 0 && first !== undefined ? first : this.#lookUp(event, now)
      return this.#claim(call, index, known)
    })
    call.seqs = this.#settle(call, places, records)
    const seqs = await call.seqs
    return places.map((place, index) => ({
      status: place.kind === 'fresh' ? 'appended' : 'duplicate',
      partition: 0,
      position: positionOf(seqs[index] ?? 0),
    }))
  }

  #lookUp(event: NewEvent, now: number): Known {
    if (this.#dedupe === undefined) return { fingerprint: undefined, original: undefined, seq: undefined }
    const fingerprint = this.#dedupe.fingerprintOf(eventIdentity(event))
    const original = this.#inFlight.get(fingerprint)
    return { fingerprint, original, seq: original === undefined ? this.#dedupe.find(fingerprint, now) : undefined }
  }

  #claim(call: Call, index: number, { fingerprint, original, seq }: Known): Place {
    if (fingerprint === undefined) return { kind: 'fresh', fingerprint }
    if (original !== undefined) return { kind: 'in-flight', original }
    if (typeof seq === 'number') return { kind: 'stored', seq }
    this.#inFlight.set(fingerprint, { call, index })
    return seq === undefined ? { kind: 'fresh', fingerprint } : { kind: 'asked', seq, fingerprint }
  }

  /** The sequence number of each event, once all are durable. Changes `places` to what was found. */
  async #settle(call: Call, places: Place[], records: readonly RecordInput[]): Promise<readonly number[]> {
    const claimed = places.flatMap((place) => ('fingerprint' in place ? (place.fingerprint ?? []) : []))
    try {
      const stored = await this.#inOrder(call, places, records)
      const settled = places as readonly SettledPlace[]
      const firstSeq = await stored.firstSeq
      const originals = originalsOf(call, settled)
      if (originals.length > 0) await Promise.all(originals)
      return await seqsOf(call, settled, firstSeq)
    } finally {
      for (const fingerprint of claimed) this.#inFlight.delete(fingerprint)
    }
  }

  /** Stores what is fresh, in the order of the calls: one whose ids are looked up is not overtaken. */
  async #inOrder(call: Call, places: Place[], records: readonly RecordInput[]): Promise<Stored> {
    const before = this.#lastTurn
    const bytes = bytesOf(records)
    if (this.#waitingBytes > 0 && this.#waitingBytes + bytes > this.#options.maxQueuedBytes)
      return { firstSeq: Promise.reject(overloaded(this.#waitingBytes)) }
    const isKnown = ({ kind }: Place): boolean => kind === 'stored' || kind === 'in-flight'
    const smaller = records.map((record, index) => {
      const place = places[index]
      return place === undefined || isKnown(place) ? record : this.#bodies.compress(record)
    })
    // A call with something new and a duplicate of another call fails with that, and then nothing of it may be stored.
    const originals = places.every(isKnown) ? [] : originalsOf(call, places)
    const isWaiting =
      originals.length > 0 ||
      places.some(({ kind }) => kind === 'asked') ||
      smaller.some((record) => record instanceof Promise)
    if (before === undefined && !isWaiting) return this.#store(places, smaller as readonly RecordInput[])
    const ready = Promise.all([
      Promise.all(smaller.map(async (record) => record)),
      lookUp(places),
      Promise.all(originals),
    ])
    // Also one that fails ends after those before it, or what comes next would pass them.
    const turn = Promise.allSettled([before, ready])
      .then(() => ready)
      .then(([settled]) => this.#store(places, settled))
    this.#lastTurn = turn
    this.#waitingBytes += bytes
    try {
      return await turn
    } finally {
      this.#waitingBytes -= bytes
      if (this.#lastTurn === turn) this.#lastTurn = undefined
    }
  }

  #store(places: readonly Place[], records: readonly RecordInput[]): Stored {
    const fresh = places.flatMap((place, index) => (place.kind === 'fresh' ? [index] : []))
    if (fresh.length === 0) return { firstSeq: Promise.resolve(0) }
    const refusal = this.#refusal()
    if (refusal !== undefined) return { firstSeq: Promise.reject(refusal) }
    const chosen = fresh.length === records.length ? records : fresh.flatMap((index) => records[index] ?? [])
    const firstSeq = this.#log.append(chosen, (first, at) => {
      for (const [offset, index] of fresh.entries()) {
        const place = places[index]
        if (place?.kind === 'fresh' && place.fingerprint !== undefined)
          this.#dedupe?.remember(place.fingerprint, first + offset, at)
      }
    })
    return { firstSeq }
  }

  /** Why nothing may be stored now. */
  #refusal(): BufferError | undefined {
    return this.#guard.refusal() ?? (this.#dedupe?.isBehind === true ? idsBehind() : undefined)
  }
}

/** Of a call whose events have no places yet. */
const none: Promise<readonly number[]> = Promise.resolve([])

/** What others are storing that a call has again. */
function originalsOf(call: Call, places: readonly Place[]): Promise<readonly number[]>[] {
  return places.flatMap((place) =>
    place.kind === 'in-flight' && place.original.call !== call ? [place.original.call.seqs] : [],
  )
}

/** Puts what the runs say in the place of the questions. */
async function lookUp(places: Place[]): Promise<void> {
  for (const [index, place] of places.entries()) {
    if (place.kind !== 'asked') continue
    const seq = await place.seq
    places[index] = seq === undefined ? { kind: 'fresh', fingerprint: place.fingerprint } : { kind: 'stored', seq }
  }
}

async function seqsOf(call: Call, places: readonly SettledPlace[], firstSeq: number): Promise<readonly number[]> {
  const seqs: number[] = []
  let next = firstSeq
  for (const place of places) {
    switch (place.kind) {
      case 'stored':
        seqs.push(place.seq)
        break
      case 'fresh':
        seqs.push(next)
        next++
        break
      case 'in-flight': {
        const { original } = place
        // An original in the same call stands before its duplicate.
        const known = original.call === call ? seqs : await original.call.seqs
        seqs.push(known[original.index] ?? 0)
      }
    }
  }
  return seqs
}
