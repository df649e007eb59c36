// Runs on every runtime, inside the framework: web globals only.
import { isIntegrationError } from '@holdfast/core'
import type { IncomingWebhook, WebhookReply } from '@holdfast/webhook-receiver'
import type { WebhookIntake } from '@holdfast/webhook-receiver/testing'
import type { Failure, Head, Step } from '../receiver-protocol.ts'

const FIRST_BYTES = 256 * 1024
const PIECE_BYTES = 1024 * 1024

/**
 * A receiver that stands in another process: what an adapter hands over is carried to `url`, the body chunk by chunk and only
 * as far as the other side reads it.
 */
export function remoteReceiver(url: string): WebhookIntake {
  const send = async (path: string, body: string | Uint8Array | undefined, moment = ''): Promise<Step> => {
    const init = { method: 'POST', headers: { 'x-moment': moment }, ...(body === undefined ? {} : { body }) }
    const response = await fetch(url + path, init as RequestInit)
    return (await response.json()) as Step
  }

  const accept = async (source: string, { body, ...head }: IncomingWebhook): Promise<WebhookReply> => {
    const kind: Head['body'] = body === null ? 'none' : body instanceof Uint8Array ? 'whole' : 'stream'
    let step = await send('/', JSON.stringify({ ...head, source, body: kind } satisfies Head))
    if (body === null) return replyOf(step)
    if (body instanceof Uint8Array) return replyOf(await send(step.id, body, 'chunk'))
    if (step.reply !== undefined) return step.reply
    try {
      for await (const piece of inPieces(body)) {
        step = await send(step.id, piece, 'chunk')
        if (step.reply !== undefined) return step.reply
      }
    } catch (error) {
      return replyOf(await send(step.id, JSON.stringify(failureOf(error)), 'failure'))
    }
    return replyOf(await send(step.id, undefined, 'end'))
  }

  return {
    accept,
    async handle(source, request) {
      const { method, url: target, body } = request
      const reply = await accept(source, { method, url: target, headers: [...request.headers], body })
      return new Response(reply.body === '' ? null : reply.body, reply)
    },
  }
}

/** Chunk by chunk at first, where the cases look; then in larger pieces, for some runtimes make very small chunks. */
async function* inPieces(body: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let passed = 0
  let gathered: Uint8Array[] = []
  let length = 0
  for await (const chunk of body) {
    gathered.push(chunk.slice())
    length += chunk.byteLength
    if (passed > FIRST_BYTES && length < PIECE_BYTES) continue
    yield joined(gathered, length)
    passed += length
    gathered = []
    length = 0
  }
  if (length > 0) yield joined(gathered, length)
}

function joined(chunks: readonly Uint8Array[], length: number): Uint8Array {
  const bytes = new Uint8Array(length)
  let at = 0
  for (const chunk of chunks) {
    bytes.set(chunk, at)
    at += chunk.byteLength
  }
  return bytes
}

function replyOf({ reply }: Step): WebhookReply {
  if (reply === undefined) throw new Error('the receiver has not replied')
  return reply
}

function failureOf(error: unknown): Failure {
  if (!isIntegrationError(error)) return { message: String(error) }
  const { name, code, reason, message, status } = error
  return { name, init: { code, message, status, ...(reason === undefined ? {} : { reason }) }, message }
}
