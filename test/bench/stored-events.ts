import type { NewEvent } from '@holdfast/webhook-receiver'
import { deliveryMaker } from './github-delivery.ts'

/** Events as the receiver appends them, 1 KiB of body each, their keys in turn. */
export function eventMaker(prefix: string, keys: number): () => NewEvent {
  const nextDelivery = deliveryMaker(prefix)
  const receivedAt = Date.now()
  let made = 0
  return () => {
    const { body, deliveryId, signature } = nextDelivery()
    made += 1
    return {
      id: deliveryId,
      source: 'github',
      key: `key${made % keys}`,
      type: 'pull_request',
      eventId: deliveryId,
      receivedAt,
      method: 'POST',
      url: '/webhooks/github',
      headers: [
        ['Content-Type', 'application/json'],
        ['X-GitHub-Event', 'pull_request'],
        ['X-GitHub-Delivery', deliveryId],
        ['X-Hub-Signature-256', signature],
      ],
      body: Buffer.from(body),
    }
  }
}
