import { type Clock, IntegrationError } from '@holdfast/core'
import type { StoredEvent } from '../buffer/event-buffer.ts'
import type { IdempotencyStore } from '../idempotency/idempotency-store.ts'
import type { Effect } from '../receiver/delivery-context.ts'
import { decodeResult, encodeResult } from './effect-result.ts'

const LEASE_MS = 30_000

/** The work of an effect. */
export type EffectRun<Result> = (effect: Effect) => Promise<Result> | Result

/** What handlers of a destination do that must not happen twice, however often the event is tried. */
export interface Effects {
  /** Runs an effect of an event, unless it is done. See `DeliveryContext.once`. */
  once<Result>(event: StoredEvent, effectId: string, signal: AbortSignal, run: EffectRun<Result>): Promise<Result>
}

/** Makes the effects of one destination. */
export function createEffects(options: {
  /** Name of the destination: the scope of its effects. */
  readonly name: string
  readonly store: IdempotencyStore | undefined
  readonly ttlMs: number
  readonly clock: Clock
  /** Names this process. */
  readonly owner: string
}): Effects {
  const { name, store, ttlMs, clock, owner } = options
  return {
    async once<Result>(event: StoredEvent, effectId: string, signal: AbortSignal, run: EffectRun<Result>) {
      if (store === undefined) throw noStore(name)
      const id = effectIdentity(event, effectId)
      const beginning = await store.begin(name, id, { owner, leaseMs: LEASE_MS, ttlMs })
      if (beginning.state === 'busy') throw busy(beginning.leftMs)
      if (beginning.state === 'done') return decodeResult<Result>(beginning.result)
      const { token } = beginning
      const stopRenewing = keepAlive(clock, signal, () => store.renew(name, id, token, LEASE_MS))
      let result: Result
      try {
        result = await run({ token, signal })
      } catch (error) {
        // So that nobody has to wait for the end of the lease. Where that fails, it ends by itself.
        await store.abandon(name, id, token).catch(() => undefined)
        throw error
      } finally {
        stopRenewing()
      }
      const encoded = encodeResult(result, store.caps.maxResultBytes)
      if (!(await store.complete(name, id, token, encoded.bytes))) throw lost()
      // Only now: what has happened must not happen again because its result cannot be kept.
      if (encoded.error !== undefined) throw encoded.error
      return result
    },
  }
}

/** Renews the lease until it is stopped or the attempt is over. */
function keepAlive(clock: Clock, signal: AbortSignal, renew: () => Promise<boolean>): () => void {
  let cancel: () => void = () => {}
  let stopped = false
  const again = (): void => {
    cancel = clock.schedule(
      LEASE_MS / 3,
      () => {
        if (stopped || signal.aborted) return
        renew().then(
          (held) => held && !stopped && again(),
          // The store may be back before the lease ends.
          () => !stopped && again(),
        )
      },
      { background: true },
    )
  }
  again()
  return () => {
    stopped = true
    cancel()
  }
}

// Lengths keep the parts apart whatever they contain; an absent tenant is another than an empty one.
function effectIdentity({ source, tenant, id }: StoredEvent, effectId: string): string {
  const parts = [source, tenant === undefined ? '-' : `+${tenant}`, id]
  return `${parts.map((part) => `${part.length}:${part}`).join('')}${effectId}`
}

function busy(leftMs: number): IntegrationError {
  return new IntegrationError({
    code: 'overloaded',
    reason: 'effect_busy',
    phase: 'local',
    message: 'The effect is being run by somebody else, or by an attempt that broke off.',
    retryAfterMs: leftMs,
  })
}

function lost(): IntegrationError {
  return new IntegrationError({
    code: 'internal_error',
    reason: 'effect_lost',
    phase: 'local',
    message: 'The effect took so long without a word to the store that somebody else may have begun it.',
  })
}

function noStore(name: string): IntegrationError {
  return new IntegrationError({
    code: 'configuration_error',
    reason: 'no_idempotency_store',
    phase: 'local',
    message: `\`once\` needs the option \`idempotency\` of the receiver, or of the destination "${name}".`,
  })
}
