import { type Check, type Clock, durationMs, integer, isIntegrationError } from '@holdfast/core'
import type { FailoverOptions } from '../receiver/destination-options.ts'
import type { DeliveryContext } from '../receiver/delivery-context.ts'
import type { WebhookEvent } from '../receiver/webhook-event.ts'
import { untilAborted } from '../buffer-kit/until-aborted.ts'
import { outcomeKind } from './outcome-kind.ts'
import type { Target } from './url-target.ts'

/** When a destination goes over to its backup and back, checked and complete. */
export type ResolvedFailover = Required<FailoverOptions>

/** The defaults of a backup. `failures` is below that of a breaker, so that the backup is there before the destination is left alone. */
export const defaultFailoverOptions: ResolvedFailover = Object.freeze({
  failures: 3,
  probeEveryMs: 30_000,
  successes: 3,
})

/** The checks of the options that say when. */
export const failoverChecks: Readonly<Record<keyof FailoverOptions, Check>> = {
  failures: integer({ min: 1 }),
  probeEveryMs: durationMs({ min: 1 }),
  successes: integer({ min: 1 }),
}

/** Told after each switch. */
export interface FailoverListener {
  readonly onFailedOver: (error: unknown) => void
  readonly onFailedBack: (cause: 'probes' | 'backup_failed') => void
}

/** A destination with a backup. */
export interface Failover extends Target {
  /** Whether events go to the backup. */
  readonly isOnBackup: boolean
  /** Goes over to the backup now. */
  failOver(error: unknown): void
}

/**
 * Makes one target of two.
 *
 * **primary**: events go there. `failures` in a row lead to **backup**, as does whoever says so. There, every `probeEveryMs`, one event is tried at the
 * primary first, and goes to the backup when that fails; `successes` of such probes in a row lead back. So do `failures` in a row of the backup:
 * it is no better then. Errors that blame the event count as an answer, not as a failure.
 *
 * Which of them an attempt goes to is decided when it starts. The drain makes one attempt of a key at a time, so the order within a key
 * holds across a switch.
 */
export function createFailover(
  primary: Target,
  backup: Target,
  rules: ResolvedFailover,
  clock: Clock,
  listener: FailoverListener,
): Failover {
  let isOnBackup = false
  let failures = 0
  let successes = 0
  let probeAtMs = 0
  let isProbing = false
  const hopeless = new WeakSet<object>()

  const failOver = (error: unknown): void => {
    if (isOnBackup) return
    isOnBackup = true
    failures = 0
    successes = 0
    probeAtMs = clock.monotonicMs() + rules.probeEveryMs
    listener.onFailedOver(error)
  }

  const failBack = (cause: 'probes' | 'backup_failed'): void => {
    isOnBackup = false
    failures = 0
    listener.onFailedBack(cause)
  }

  /** Sends to where events go now, and counts what comes of it, unless that has changed meanwhile. */
  const send = async (event: WebhookEvent, context: DeliveryContext): Promise<void> => {
    const toBackup = isOnBackup
    const target = toBackup ? backup : primary
    try {
      await call(target, event, context)
      if (toBackup === isOnBackup) failures = 0
    } catch (error) {
      if (toBackup === isOnBackup && !isOfDrain(context)) {
        failures = outcomeKind(error) === 'refusal' ? 0 : failures + 1
        if (failures >= rules.failures && toBackup) failBack('backup_failed')
        else if (failures >= rules.failures) failOver(error)
      }
      throw error
    }
  }

  /** A handler that hangs must not be what hides that it does. */
  const call = async (target: Target, event: WebhookEvent, context: DeliveryContext): Promise<void> => {
    try {
      await untilAborted(Promise.resolve(target.handle(event, context)), context.signal)
    } catch (error) {
      if (target.isHopeless(error)) hopeless.add(error as object)
      throw error
    }
  }

  /** Resolves with whether the event is done with. */
  const probe = async (event: WebhookEvent, context: DeliveryContext): Promise<boolean> => {
    isProbing = true
    try {
      await call(primary, event, context)
      probed(true)
      return true
    } catch (error) {
      if (isOfDrain(context)) throw error
      const isRefused = outcomeKind(error) === 'refusal'
      probed(isRefused)
      if (isRefused || context.signal.aborted) throw error
      return false
    } finally {
      isProbing = false
      probeAtMs = clock.monotonicMs() + rules.probeEveryMs
    }
  }

  const probed = (isWell: boolean): void => {
    if (!isOnBackup) return
    successes = isWell ? successes + 1 : 0
    if (successes >= rules.successes) failBack('probes')
  }

  return {
    get isOnBackup() {
      return isOnBackup
    },
    failOver,
    async handle(event, context) {
      const isProbe = isOnBackup && !isProbing && clock.monotonicMs() >= probeAtMs
      if (isProbe && (await probe(event, context))) return
      await send(event, context)
    },
    isHopeless: (error) => typeof error === 'object' && error !== null && hopeless.has(error),
  }
}

/** Whether the attempt was broken off because the drain stops, or lost the partition. That says nothing of either target. */
function isOfDrain({ signal }: DeliveryContext): boolean {
  return signal.aborted && !isIntegrationError(signal.reason, 'timeout')
}
