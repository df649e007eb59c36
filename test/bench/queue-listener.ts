import { createHmac, createSecretKey, timingSafeEqual } from 'node:crypto'
import type { RequestListener } from 'node:http'
import { webhookSecret } from './github-delivery.ts'

/** A verified delivery, as an application would hand it on. */
export interface QueuedDelivery {
  readonly id: string
  readonly headers: readonly string[]
  readonly body: Buffer
}

const key = createSecretKey(webhookSecret, 'utf8')

/** A webhook endpoint as it is written by hand: verifies, waits until the delivery is stored, answers 200. */
export function queueListener(add: (delivery: QueuedDelivery) => Promise<unknown>): RequestListener {
  return (request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const body = Buffer.concat(chunks)
      const expected = Buffer.from(`sha256=${createHmac('sha256', key).update(body).digest('hex')}`)
      const signature = Buffer.from(String(request.headers['x-hub-signature-256']))
      if (signature.length !== expected.length || !timingSafeEqual(signature, expected)) {
        response.writeHead(401).end()
        return
      }
      const id = String(request.headers['x-github-delivery'])
      add({ id, headers: request.rawHeaders, body }).then(
        () => response.writeHead(200, { 'content-length': 0 }).end(),
        () => response.writeHead(503).end(),
      )
    })
  }
}
