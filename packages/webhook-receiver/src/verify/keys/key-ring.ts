import type { Clock, FetchedKey } from '@holdfast/core'
import type { MaybePromise } from '../maybe-promise.ts'
import type { DocumentKey } from './document-key.ts'
import { readKeyDocument } from './key-document.ts'
import type { KeyFetcher, KeyRequest } from './key-fetcher.ts'

/** How long documents are kept, and how many are asked for. */
export interface KeyRingLimits {
  /** For a document that does not say how long it may be used. */
  readonly defaultAgeMs: number
  /** Bounds of what a document says. */
  readonly minAgeMs: number
  readonly maxAgeMs: number
  /** How long an old document may serve while no new one can be had, from when it became too old. */
  readonly staleMs: number
  /** How long the provider's word counts that there is no such key. */
  readonly unknownMs: number
  /** Between two attempts for a document that could not be had, and between two for one that lacks a key. */
  readonly retryMs: number
  /** Documents kept; the one that was not used for the longest time goes first. */
  readonly maxDocuments: number
  /** Documents asked for that were not known before, at once and per minute: the sender may make up their names. */
  readonly newPerMinute: number
}

/** Defaults of a key ring. */
export const defaultKeyRingLimits: KeyRingLimits = Object.freeze({
  defaultAgeMs: 3_600_000,
  minAgeMs: 60_000,
  maxAgeMs: 86_400_000,
  staleMs: 86_400_000,
  unknownMs: 60_000,
  retryMs: 10_000,
  maxDocuments: 100,
  newPerMinute: 30,
})

/** What verification asks for. */
export interface KeyQuery {
  readonly url: string
  readonly keyId?: string
  /** Keys that were or are not valid at this time are no answer. */
  readonly receivedAt: number
}

/** The keys that may have signed, or why there are none. */
export type KeyAnswer =
  | { readonly ok: true; readonly keys: readonly DocumentKey[] }
  | { readonly ok: false; readonly reason: 'unknown_key' }
  | {
      readonly ok: false
      readonly reason: 'key_unavailable'
      readonly retryAfterMs: number
      /** What the fetcher threw, or what is wrong with the document. */
      readonly cause?: unknown
    }

/** The keys of one provider. Answers at once where it can. */
export interface KeyRing {
  find(query: KeyQuery): MaybePromise<KeyAnswer>
}

/** What a ring is for. */
export interface KeyRingOptions {
  readonly connector: string
  readonly source: FetchedKey
  readonly fetcher: KeyFetcher
  readonly clock: Clock
  readonly limits?: KeyRingLimits
}

interface Entry {
  /** `undefined`: the document was not had yet. None: the provider says that there is none. */
  keys: readonly DocumentKey[] | undefined
  /** Of the last attempt, where it failed. */
  failure: { readonly cause: unknown } | undefined
  freshUntilMs: number
  staleUntilMs: number
  /** No attempt before this. */
  nextAttemptMs: number
  pending: Promise<void> | undefined
}

/**
 * Makes a ring. Per document, one call is made at a time. A document is asked for again when it is too old, or when it lacks
 * the key that a request names, that at most every `retryMs`; while no new one can be had the old one serves.
 */
export function createKeyRing({
  connector,
  source,
  fetcher,
  clock,
  limits = defaultKeyRingLimits,
}: KeyRingOptions): KeyRing {
  const entries = new Map<string, Entry>()
  const budget = createBudget(limits.newPerMinute, clock)

  const entryOf = (name: string): Entry | undefined => {
    const known = entries.get(name)
    if (known !== undefined) {
      // Moved to the end: the first one is the one that was not used for the longest time.
      entries.delete(name)
      entries.set(name, known)
      return known
    }
    if (!budget.take()) return undefined
    if (entries.size >= limits.maxDocuments) dropOne(entries)
    const entry: Entry = {
      keys: undefined,
      failure: undefined,
      freshUntilMs: 0,
      staleUntilMs: 0,
      nextAttemptMs: 0,
      pending: undefined,
    }
    entries.set(name, entry)
    return entry
  }

  const fetchInto = async (entry: Entry, request: KeyRequest): Promise<void> => {
    entry.nextAttemptMs = clock.monotonicMs() + limits.retryMs
    try {
      const document = await fetcher.fetchKey(request)
      const keys = document && (await readKeyDocument(document.text, source, fetcher.trustedCertificates))
      const ageMs =
        document === undefined
          ? limits.unknownMs
          : Math.min(Math.max(document.maxAgeMs ?? limits.defaultAgeMs, limits.minAgeMs), limits.maxAgeMs)
      entry.keys = keys ?? []
      entry.failure = undefined
      entry.freshUntilMs = clock.monotonicMs() + ageMs
      entry.staleUntilMs = entry.freshUntilMs + (keys === undefined ? 0 : limits.staleMs)
    } catch (cause) {
      // The rest stays as it is: an old document serves on.
      entry.failure = { cause }
    } finally {
      entry.pending = undefined
    }
  }

  return {
    find({ url, keyId, receivedAt }) {
      const request: KeyRequest = {
        connector,
        url,
        method: source.method ?? 'GET',
        authorized: source.authorized === true,
        ...(keyId !== undefined && { keyId }),
      }
      const shared = source.kind === 'jwks'
      const entry = entryOf(shared || keyId === undefined ? url : `${url} ${keyId}`)
      if (entry === undefined) return { ok: false, reason: 'key_unavailable', retryAfterMs: limits.retryMs }

      const answer = (): KeyAnswer => {
        const nowMs = clock.monotonicMs()
        const keys = nowMs < entry.staleUntilMs ? entry.keys : undefined
        const named = keys?.filter((key) => isNamed(key, keyId))
        // An old document that lacks the key says nothing, as long as a new one cannot be had.
        if (named === undefined || (named.length === 0 && entry.failure !== undefined)) {
          const retryAfterMs = Math.ceil(Math.max(entry.nextAttemptMs - nowMs, 1_000))
          return { ok: false, reason: 'key_unavailable', retryAfterMs, ...entry.failure }
        }
        const valid = named.filter((key) => isValidAt(key, receivedAt))
        return valid.length > 0 ? { ok: true, keys: valid } : { ok: false, reason: 'unknown_key' }
      }

      const nowMs = clock.monotonicMs()
      const lacks = shared && entry.keys?.some((key) => isNamed(key, keyId)) === false
      const due = nowMs >= entry.freshUntilMs || lacks
      if (entry.pending === undefined && due && nowMs >= entry.nextAttemptMs) entry.pending = fetchInto(entry, request)
      return entry.pending !== undefined && due ? entry.pending.then(answer) : answer()
    },
  }
}

/** Drops the document that was not used for the longest time; first those that hold nothing, of which a sender can make many up. */
function dropOne(entries: Map<string, Entry>): void {
  let [victim] = entries.keys()
  for (const [name, { keys }] of entries) {
    if (keys !== undefined && keys.length > 0) continue
    victim = name
    break
  }
  if (victim !== undefined) entries.delete(victim)
}

/** A key without a name may be any; a request that names none may mean any. */
function isNamed({ id }: DocumentKey, keyId: string | undefined): boolean {
  return id === undefined || keyId === undefined || id === keyId
}

function isValidAt({ notBefore = -Infinity, notAfter = Infinity }: DocumentKey, receivedAt: number): boolean {
  return receivedAt >= notBefore && receivedAt <= notAfter
}

/** So many at once, and as many again within a minute. */
function createBudget(perMinute: number, clock: Clock): { take(): boolean } {
  let left = perMinute
  let atMs = clock.monotonicMs()
  return {
    take() {
      const nowMs = clock.monotonicMs()
      left = Math.min(perMinute, left + ((nowMs - atMs) / 60_000) * perMinute)
      atMs = nowMs
      if (left < 1) return false
      left -= 1
      return true
    },
  }
}
