import { getEventListeners } from 'node:events'
import { createFetch, type FetchOptions, type ResilientFetch } from '../../../src/index.ts'
import { fakeClock, type FakeClock, seededRandom } from '../../../src/testing/index.ts'
import { connectionRefused, connectionReset } from '../harness.ts'

/** What the upstream does with one request. */
export type Behaviour =
  | {
      readonly kind: 'answer'
      readonly status: number
      readonly headers: Record<string, string>
      readonly afterMs: number
    }
  | { readonly kind: 'reset' | 'refused'; readonly afterMs: number }
  | { readonly kind: 'hang' }

/** A call of the application. */
export interface PlannedCall {
  readonly atMs: number
  readonly url: string
  readonly method: string
  readonly body: 'none' | 'text' | 'stream'
  /** Of the second process, where there are two. */
  readonly isElsewhere?: boolean
  readonly priority?: 'high' | 'low' | 'auto'
  /** Whether a client above says that it repeats. */
  readonly isRepeat?: boolean
  /** How long after its begin the caller aborts; absent: never. */
  readonly abortAfterMs?: number
}

/** One request as the upstream saw it. */
export interface Sent {
  readonly call: number
  /** The process that sent it, from 0. */
  readonly process: number
  readonly host: string
  readonly atMs: number
  readonly behaviour: Behaviour
  readonly key: string | null
  /** What it became: the very Response or error. Absent while it is under way. */
  result?: unknown
}

/** A call and what became of it. */
export interface Settled {
  readonly planned: PlannedCall
  readonly signal: AbortSignal
  readonly reason: object
  readonly atMs: number
  readonly value: unknown
  readonly isRejected: boolean
}

/** An application of one process or two, their fetch functions and an upstream, all on one fake clock. */
export class World {
  readonly clock: FakeClock = fakeClock()
  /** One for each process. */
  readonly fetches: readonly ResilientFetch[]
  readonly sent: Sent[] = []
  readonly settled: Settled[] = []
  /** The most requests that one process had in flight at one host. */
  mostInFlight = 0
  isWell = false
  readonly #script: readonly Behaviour[]
  readonly #inFlight = new Map<string, number>()

  constructor(options: FetchOptions, script: readonly Behaviour[], seed: number, processes: 1 | 2) {
    this.#script = script
    this.fetches = Array.from({ length: processes }, (_, process) =>
      createFetch({
        ...options,
        clock: this.clock,
        random: seededRandom(seed + process),
        fetch: (input, init) => this.#serve(input as string, init, process),
      }),
    )
  }

  /** Plays the calls, each at its time, until everything has settled. */
  async play(calls: readonly PlannedCall[]): Promise<void> {
    for (const [number, planned] of calls.entries())
      this.clock.schedule(planned.atMs, () => this.#call(number, planned))
    const wanted = this.settled.length + calls.length
    while (this.settled.length < wanted || this.clock.pendingTimers > 0) {
      if (this.clock.monotonicMs() > 1e9) return
      await this.clock.advance(60_000)
    }
  }

  /** The listeners that are left on the signals of the callers. */
  get listeners(): number {
    return this.settled.reduce((sum, { signal }) => sum + getEventListeners(signal, 'abort').length, 0)
  }

  #call(number: number, planned: PlannedCall): void {
    const { url, method, body, priority, abortAfterMs, isElsewhere = false } = planned
    const fetch = (isElsewhere ? this.fetches.at(-1) : this.fetches[0]) as ResilientFetch
    const controller = new AbortController()
    const { signal } = controller
    const reason = new Error(`call ${number}`)
    const settle = (value: unknown, isRejected: boolean): void => {
      cancelAbort?.()
      this.settled.push({ planned, signal, reason, atMs: this.clock.monotonicMs(), value, isRejected })
    }
    const cancelAbort =
      abortAfterMs === undefined ? undefined : this.clock.schedule(abortAfterMs, () => controller.abort(reason))
    const content = { none: {}, text: { body: 'text' }, stream: { body: new Blob(['text']).stream(), duplex: 'half' } }
    const repeat = planned.isRepeat === true ? { 'x-stainless-retry-count': '1' } : undefined
    const headers = { 'x-call': String(number), ...repeat }
    const init = { method, signal, headers, ...(priority && { priority }), ...content[body] } as RequestInit
    fetch(url, init).then(
      (response) => settle(response, false),
      (error: unknown) => settle(error, true),
    )
  }

  async #serve(url: string, init: RequestInit | undefined, process: number): Promise<Response> {
    const { host } = new URL(url)
    const headers = new Headers(init?.headers)
    const behaviour = this.#next()
    const sent: Sent = {
      call: Number(headers.get('x-call')),
      process,
      host,
      atMs: this.clock.monotonicMs(),
      behaviour,
      key: headers.get('idempotency-key'),
    }
    this.sent.push(sent)
    const connection = `${process} ${host}`
    const inFlight = (this.#inFlight.get(connection) ?? 0) + 1
    this.#inFlight.set(connection, inFlight)
    this.mostInFlight = Math.max(this.mostInFlight, inFlight)
    try {
      const response = await this.#answer(behaviour, init?.signal ?? undefined)
      sent.result = response
      return response
    } catch (error) {
      sent.result = error
      throw error
    } finally {
      this.#inFlight.set(connection, (this.#inFlight.get(connection) ?? 0) - 1)
    }
  }

  #next(): Behaviour {
    if (this.isWell) return { kind: 'answer', status: 200, headers: {}, afterMs: 0 }
    return this.#script[this.sent.length % this.#script.length] ?? { kind: 'hang' }
  }

  async #answer(behaviour: Behaviour, signal: AbortSignal | undefined): Promise<Response> {
    // What hangs is cut off by a router after ten minutes.
    await this.clock.sleep(behaviour.kind === 'hang' ? 600_000 : behaviour.afterMs, signal)
    if (behaviour.kind === 'answer') return new Response(null, behaviour)
    throw behaviour.kind === 'refused' ? connectionRefused() : connectionReset()
  }
}
