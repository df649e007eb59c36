import { classifyResponse, type Emitter, IntegrationError } from '@holdfast/core'
import type { Consumer } from '../buffer/event-buffer.ts'
import { resolveDestination } from '../drain/destination-options.ts'
import { createDrain, type Drain } from '../drain/drain.ts'
import type { DeliveryContext } from '../receiver/delivery-context.ts'
import type { WebhookEvent } from '../receiver/webhook-event.ts'
import { GATEWAY_NAME, replayedRequest } from './captured-request.ts'
import type { TargetReply } from './forwarder.ts'
import type { GatewayEventMap } from './gateway-event-map.ts'
import type { ResolvedGatewayOptions } from './gateway-options.ts'
import type { Target } from './target.ts'

/** Delivers stored requests while it is switched on. */
export interface GatewayDrain {
  /** Switches it on or off. Off: what is being delivered may finish, and then nothing is. */
  run(wanted: boolean): void
  /** Switches it off for good; deliveries that take longer than `timeoutMs` are broken off. */
  stop(timeoutMs: number): Promise<void>
}

/** Makes the drain of a gateway, switched off. */
export function createGatewayDrain(setup: {
  readonly options: ResolvedGatewayOptions
  readonly consumer: Consumer
  readonly target: Target
  readonly events: Emitter<GatewayEventMap>
  readonly keyOf: (event: WebhookEvent) => string | undefined
  /** Before each delivery. */
  readonly onDelivery: (event: WebhookEvent) => Promise<void>
}): GatewayDrain {
  const { options, consumer, target, events, keyOf, onDelivery } = setup
  const { buffer, clock, random, concurrency, ratePerSecond, maxAttempts, baseDelayMs, maxDelayMs } = options

  const deliver = async (event: WebhookEvent, context: DeliveryContext): Promise<void> => {
    await onDelivery(event)
    const reply = await target.send(replayedRequest(event, context.attempt), context.signal)
    reply.discard()
    if (reply.status >= 400) throw refusalOf(reply, clock.now())
  }

  const destination = resolveDestination(GATEWAY_NAME, {
    handle: deliver,
    orderingKey: keyOf,
    concurrency,
    ratePerSecond,
    maxAttempts,
    baseDelayMs,
    maxDelayMs,
    // The target's own limit ends a delivery first.
    timeoutMs: Infinity,
  })

  let wanted = false
  let drain: Drain | undefined
  let settling: Promise<void> | undefined
  let graceMs = options.timeoutMs

  // One at a time: two drains of one consumer would take each other's partitions.
  const settle = async (): Promise<void> => {
    while (wanted !== (drain !== undefined)) {
      if (drain === undefined) {
        const owner = random.uuid()
        drain = createDrain({
          name: GATEWAY_NAME,
          destination,
          buffer,
          consumer,
          owner,
          clock,
          random,
          events,
          isOnly: true,
        })
        drain.start()
      } else {
        const stopping = drain
        await stopping.stop({ timeoutMs: graceMs })
        drain = undefined
      }
    }
  }

  const run = (on: boolean): void => {
    wanted = on
    settling ??= settle().finally(() => {
      settling = undefined
      // It may have changed after the last look.
      if (wanted !== (drain !== undefined)) run(wanted)
    })
  }

  return {
    run,
    async stop(timeoutMs) {
      graceMs = timeoutMs
      const stopping = wanted ? undefined : drain
      run(false)
      // One that is being switched off already has the target's time.
      void stopping?.stop({ timeoutMs })
      while (settling !== undefined) await settling
    },
  }
}

/** What the target's refusal of a stored request means; a `Retry-After` is kept. */
function refusalOf({ status, headers }: TargetReply, now: number): IntegrationError {
  const known = new Headers()
  for (const [name, value] of headers) if (name.toLowerCase() === 'retry-after') known.append(name, value)
  const failure = classifyResponse({ status, headers: known, now })
  return new IntegrationError(failure ?? { code: 'upstream_error', status })
}
