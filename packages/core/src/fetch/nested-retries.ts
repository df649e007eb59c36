import type { CoreEventMap, RetryOwner } from '../events/core-event-map.ts'
import type { Emitter } from '../events/emitter.ts'
import { LruMap } from '../policy/lru-map.ts'
import { ownerAbove } from '../retry/retry-owner.ts'
import type { Call } from './call.ts'
import { recordOf } from './explain.ts'
import type { ResolvedFetchOptions } from './fetch-options.ts'
import type { Outcome } from './outcome.ts'
import { stopOf } from './prepare-retry.ts'

const MAX_KEYS = 1_000

/** Finds out who else repeats the calls of one function, and says so. It is asked only when something has failed. */
export class NestedRetries {
  readonly #options: ResolvedFetchOptions
  readonly #events: Emitter<CoreEventMap>
  /** Keys of callers whose calls had failed for good here. */
  readonly #givenUp = new LruMap<true>(MAX_KEYS)
  #isReported = false

  constructor(options: ResolvedFetchOptions, events: Emitter<CoreEventMap>) {
    this.#options = options
    this.#events = events
  }

  /** Whether a failure that could be retried is left to somebody else. */
  yields(call: Call, outcome: Outcome): boolean {
    const { retry } = this.#options
    if (stopOf(call, outcome, this.#options) !== undefined) return false
    const owner = this.#ownerOf(call, outcome)
    if (owner === undefined || retry === false) return false
    const yields = call.isNested || retry.whenNested === 'yield'
    const isNews = !call.record.decisions.some(({ kind }) => kind === 'nested')
    if (isNews) call.record.decide({ kind: 'nested', owner, yields })
    const isReported = call.isNested && this.#isReported
    this.#isReported ||= call.isNested
    if (isNews && !isReported && this.#events.has('retry:nested')) {
      const nowMs = this.#options.clock.monotonicMs()
      this.#events.emit('retry:nested', { ...call.eventFacts(nowMs), owner, yields })
    }
    return yields
  }

  /** The call failed for good. Should it come again with the same key, somebody above repeats it. */
  gaveUp({ callersKey }: Call): void {
    if (callersKey !== undefined) this.#givenUp.getOrCreate(callersKey, () => true)
  }

  #ownerOf(call: Call, outcome: Outcome): RetryOwner | undefined {
    if (this.#isRepeatedAbove(call, outcome) || this.#isRepeatedBelow(call, outcome)) return 'holdfast'
    const { retry } = this.#options
    const above = ownerAbove((name) => call.header(name), retry === false ? undefined : retry.attemptHeader)
    return (
      above ?? (call.callersKey !== undefined && this.#givenUp.get(call.callersKey) === true ? 'same_key' : undefined)
    )
  }

  /** What only a key of ours makes safe to repeat, nobody above repeats; and whoever has begun to repeat a call goes on. */
  #isRepeatedAbove(call: Call, outcome: Outcome): boolean {
    return (
      call.isNested && call.retries === 0 && stopOf(call, outcome, this.#options, call.isRepeatableAbove) !== 'unsafe'
    )
  }

  /** Whether the transport is, behind a function of somebody else, one of ours that has repeated the call by itself. */
  #isRepeatedBelow(call: Call, outcome: Outcome): boolean {
    const record = recordOf(outcome.kind === 'response' ? outcome.response : outcome.error)
    // A transport may throw the same error for several calls, which then has the record of one that ended before.
    if (record === undefined || record.isOf(this.#options) || record.at < call.record.at) return false
    return record.decisions.some(({ kind }) => kind === 'retry')
  }
}
