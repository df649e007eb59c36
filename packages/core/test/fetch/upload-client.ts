import { createFetch, replayableBody } from '../../src/index.ts'

// Uploads a generated file from a process of its own. Run with fork and the arguments `url`, `kind`; it sends what memory it took.

const SIZE_MB = 256
const CHUNK = new Uint8Array(64 * 1024).fill(120)
const SAMPLE_EVERY = 64

const [url = '', kind = ''] = process.argv.slice(2)
const fetch = createFetch({
  retry: { baseDelayMs: 0, ...(kind === 'buffered' ? { bufferBodyBytes: 1024 * 1024 } : {}) },
})

async function put(body: RequestInit['body'], target: string): Promise<number> {
  const response = await fetch(target, { method: 'PUT', body, duplex: 'half' } as RequestInit)
  await response.arrayBuffer()
  return response.status
}

// What the first request loads is not what the upload takes.
await put('x', `${url}/warm`)
const before = process.memoryUsage()
let growth = 0

function file(): ReadableStream<Uint8Array> {
  let left = SIZE_MB * 16
  return new ReadableStream(
    {
      pull: (controller) => {
        if (left-- === 0) {
          controller.close()
          return
        }
        controller.enqueue(CHUNK)
        if (left % SAMPLE_EVERY !== 0) return
        const now = process.memoryUsage()
        growth = Math.max(growth, now.rss - before.rss)
      },
    },
    { highWaterMark: 0 },
  )
}

const status = await put(kind === 'factory' ? replayableBody(file) : file(), url)
process.send?.({ status, growthMb: growth / 1024 ** 2 })
