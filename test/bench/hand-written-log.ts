import { fdatasync, openSync, write } from 'node:fs'
import { setImmediate } from 'node:timers/promises'
import { promisify } from 'node:util'
import type { QueuedDelivery } from './queue-listener.ts'

const writeBytes = promisify<number, Uint8Array>(write)
const sync = promisify(fdatasync)

/**
 * The least that a durable 200 takes: appends deliveries to a file, each id once. Those that come while a batch is written and synced make up the
 * next one. Nothing reads the file again, no damage is found in it, and no id is ever forgotten.
 */
export function handWrittenLog(path: string): (delivery: QueuedDelivery) => Promise<void> {
  const file = openSync(path, 'a')
  const known = new Set<string>()
  let chunks: Buffer[] = []
  let before = Promise.resolve()
  let batch: Promise<void> | undefined

  const commit = async (): Promise<void> => {
    await before
    await setImmediate()
    const bytes = Buffer.concat(chunks)
    chunks = []
    before = batch ?? before
    batch = undefined
    await writeBytes(file, bytes)
    await sync(file)
  }

  return ({ id, headers, body }) => {
    // What has the id is in one of these two, or older.
    if (known.has(id)) return batch ?? before
    known.add(id)
    chunks.push(Buffer.from(`${JSON.stringify({ id, headers, bytes: body.length })}\n`), body)
    batch ??= commit()
    return batch
  }
}
