import github from '@holdfast/adapters/connectors/github'
import { fileIdempotencyStore } from '@holdfast/adapters/file'
import { createReceiver, type DestinationOptions, type Receiver } from '@holdfast/webhook-receiver'
import { diskBuffer } from '@holdfast/webhook-receiver/disk'

/** The receiver of one process of a cluster; all of them have the same directory. */
export function sharedInbox(directory: string, secret: string, leaseMs: number, ledger: DestinationOptions): Receiver {
  return createReceiver({
    buffer: diskBuffer({ directory: `${directory}/inbox`, shards: 'auto' }),
    idempotency: fileIdempotencyStore({ directory: `${directory}/effects` }),
    sources: { github: { connector: github, secrets: [secret] } },
    destinations: { ledger },
    leaseMs,
  })
}
