import github from '@holdfast/adapters/connectors/github'
import { lambdaWebhooks } from '@holdfast/adapters/lambda'
import { createReceiver } from '@holdfast/webhook-receiver'
import { sharedBuffer } from './shared-buffer.ts'

const receiver = createReceiver({
  buffer: sharedBuffer,
  sources: { github: { connector: github, secrets: [process.env.GITHUB_WEBHOOK_SECRET] } },
  destinations: { log: { handle: (event) => console.log('delivered', event.type, event.eventId) } },
})
await receiver.start({ drain: false }) // nothing runs after the answer

/** Behind `ANY /webhooks/{source}`. */
export const handler = lambdaWebhooks(receiver)

/** On a schedule, once a minute. */
export const drain = (_event: unknown, context: { getRemainingTimeInMillis(): number }) =>
  receiver.drainOnce({ deadlineMs: context.getRemainingTimeInMillis() - 1_000 })
