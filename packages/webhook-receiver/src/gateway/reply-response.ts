import type { GatewayReply } from './gateway.ts'

/** A reply as a `Response`, which has no status above 599: that of a target which answers so is 502. */
export function replyResponse({ status: told, headers, body }: GatewayReply): Response {
  const status = told > 599 ? 502 : told
  const init = { status, headers: headers.map(([name, value]): [string, string] => [name, value]) }
  if (body === null || status === 204 || status === 205 || status === 304) return new Response(null, init)
  return new Response(body instanceof Uint8Array ? new Uint8Array(body) : streamOf(body), init)
}

function streamOf(chunks: AsyncIterable<Uint8Array>): ReadableStream<Uint8Array> {
  const iterator = chunks[Symbol.asyncIterator]()
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const { done, value } = await iterator.next()
        if (done === true) controller.close()
        else controller.enqueue(value)
      },
      async cancel() {
        await iterator.return?.()
      },
    },
    { highWaterMark: 0 },
  )
}
