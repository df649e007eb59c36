import type { NewEvent, StoredEvent } from '../buffer/event-buffer.ts'
import { deliveredEvent } from '../drain/delivered-event.ts'
import type { IncomingWebhook } from '../receiver/receiver.ts'
import type { WebhookEvent } from '../receiver/webhook-event.ts'
import type { ForwardedRequest } from './forwarder.ts'
import type { GatewayRequest, ResolvedGatewayOptions } from './gateway-options.ts'

/** Name of the source and of the consumer of a gateway's requests. */
export const GATEWAY_NAME = 'gateway'

/** The whole request as it is stored. Each has an id of its own: two equal requests are two requests. */
export function capturedRequest(
  incoming: IncomingWebhook,
  body: Uint8Array,
  { clock, random }: ResolvedGatewayOptions,
): NewEvent {
  const { method, url, headers, remoteAddress } = incoming
  return {
    id: random.uuid(),
    source: GATEWAY_NAME,
    receivedAt: clock.now(),
    method,
    url,
    headers,
    body,
    ...(remoteAddress === undefined ? {} : { remoteAddress }),
  }
}

/** The request as the function that tells its key sees it. */
export function gatewayRequest(event: NewEvent): GatewayRequest {
  // The parts that only a stored event has are not in the type.
  return deliveredEvent({ ...event, partition: 0, position: '' } as StoredEvent)
}

/** A stored request on its way to the target, with what tells it from one that passed straight through. */
export function replayedRequest(event: WebhookEvent, attempt: number): ForwardedRequest {
  const { method, url, rawHeaders, body, receivedAt } = event
  const extra: [string, string][] = [
    ['holdfast-attempt', String(attempt)],
    ['holdfast-received-at', new Date(receivedAt).toISOString()],
  ]
  return { method, url, headers: [...rawHeaders, ...extra], body }
}
