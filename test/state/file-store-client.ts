/** A process with an idempotency store on disk, for tests that kill it: `node file-store-client.ts complete|begin|fill DIRECTORY NUMBER`. */
import { once } from 'node:events'
import { fileIdempotencyStore } from '@holdfast/adapters/file'

const [task, directory = '', number = '0'] = process.argv.slice(2)
const store = fileIdempotencyStore({ directory })
const options = { owner: `client ${number}`, leaseMs: 600_000, ttlMs: 600_000 }

async function tokenOf(id: string): Promise<number | undefined> {
  const beginning = await store.begin('orders', id, options)
  return beginning.state === 'new' ? beginning.token : undefined
}

/** Completes one effect after the other, several at once, and says each that is done. */
async function completeMany(): Promise<void> {
  let last = Number(number) * 10_000
  const work = async (): Promise<void> => {
    for (;;) {
      const id = ++last
      const token = await tokenOf(`evt_${id}`)
      if (token !== undefined && (await store.complete('orders', `evt_${id}`, token, Uint8Array.of(id & 0xff))))
        process.stdout.write(`${id}\n`)
    }
  }
  await Promise.all([work(), work(), work(), work()])
}

/**
 * Begins 200 ids that others want as well, each client from another one on, and says which it got. It waits to be told before and after the first half,
 * so that no client is through with all of them before another one has begun.
 */
async function beginMany(): Promise<void> {
  await tokenOf(`of client ${number}`)
  process.stdout.write('ready\n')
  const got: string[] = []
  for (const first of [0, 100]) {
    await once(process.stdin, 'data')
    for (let index = first; index < first + 100; index++) {
      const id = `evt_${(Number(number) * 67 + index) % 200}`
      if ((await tokenOf(id)) !== undefined) got.push(id)
    }
    process.stdout.write(first === 0 ? 'half\n' : `${JSON.stringify(got)}\n`)
  }
}

/** Completes effects with large results until one fails, and says which were done. */
async function fill(): Promise<void> {
  const completed: string[] = []
  for (let index = 0; ; index++) {
    try {
      const token = await tokenOf(`evt_${index}`)
      await store.complete('orders', `evt_${index}`, token ?? 0, new Uint8Array(100_000))
      completed.push(`evt_${index}`)
    } catch (error) {
      const { code, reason, message } = error as { code: string; reason: string; message: string }
      process.stdout.write(`${JSON.stringify({ completed, failure: { code, reason, message } })}\n`)
      return
    }
  }
}

await (task === 'complete' ? completeMany() : task === 'begin' ? beginMany() : fill())
