import github from '@holdfast/adapters/connectors/github'
import { webWebhooks } from '@holdfast/adapters/web'
import { createReceiver } from '@holdfast/webhook-receiver'
import { env, waitUntil } from 'cloudflare:workers'
import { sharedBuffer } from './shared-buffer.ts'

const receiver = createReceiver({
  buffer: sharedBuffer,
  sources: { github: { connector: github, secrets: [env.GITHUB_WEBHOOK_SECRET] } },
  destinations: { log: { handle: (event) => console.log('delivered', event.type, event.eventId) } },
})
receiver.on('webhook:accepted', () => waitUntil(receiver.drainOnce({ deadlineMs: 20_000 })))

// A Worker may open nothing before its first request.
let opened: Promise<void> | undefined
const inbox = async () => {
  opened ??= receiver.start({ drain: false })
  await opened
  return receiver
}

const worker = {
  fetch: webWebhooks(inbox, { source: '/webhooks/:source' }),
  // On a cron trigger: what an instance accepted and could not deliver.
  scheduled: () => receiver.drainOnce({ deadlineMs: 20_000 }),
}

// oxlint-disable-next-line import/no-default-export -- Workers look for it
export default worker
