import github from '@holdfast/adapters/connectors/github'
import { createReceiver, type Receiver } from '@holdfast/webhook-receiver'
import { diskBuffer } from '@holdfast/webhook-receiver/disk'

// Not a variable of this module: Next loads a module once for each router, and once more for instrumentation.
const shared = globalThis as { inbox?: Promise<Receiver> | undefined }

/** The one receiver of the process. A function, because `next build` loads this module too and must not open it. */
export function inbox(): Promise<Receiver> {
  shared.inbox ??= open().catch((error: unknown) => {
    shared.inbox = undefined
    throw error
  })
  return shared.inbox
}

async function open(): Promise<Receiver> {
  const receiver = createReceiver({
    buffer: diskBuffer({ directory: process.env.INBOX ?? './data/inbox' }),
    sources: { github: { connector: github, secrets: [process.env.GITHUB_WEBHOOK_SECRET] } },
    destinations: { log: { handle: (event) => console.log('delivered', event.type, event.eventId) } },
  })
  await receiver.start()
  return receiver
}
