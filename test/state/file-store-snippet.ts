import github from '@holdfast/adapters/connectors/github'
import { fileIdempotencyStore, fileStateStore } from '@holdfast/adapters/file'
import { createFetch } from '@holdfast/core'
import { createReceiver, type EventBuffer, type Receiver } from '@holdfast/webhook-receiver'

/** What one of several processes of a machine makes. What `directory` holds is what they have in common. */
export function openProcess(directory: string, buffer: EventBuffer, secret: string, api: string): Receiver {
  const fetch = createFetch({ connector: github, connection: 'acme', state: fileStateStore({ directory }) })
  return createReceiver({
    buffer,
    idempotency: fileIdempotencyStore({ directory }),
    sources: { github: { connector: github, secrets: [secret] } },
    destinations: {
      // Whichever process gets the event, and however often: it is commented on once.
      comments: {
        handle: async ({ id }, { once }) => {
          await once('comment', async () => {
            const { ok, status } = await fetch(api, { method: 'POST', body: JSON.stringify({ about: id }) })
            if (!ok) throw new Error(`The API answered ${status}.`)
          })
        },
      },
    },
  })
}
