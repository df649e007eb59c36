import { IntegrationError } from '@holdfast/core'
import type { HeaderPairs, IncomingWebhook } from '@holdfast/webhook-receiver'

/**
 * The same body, which fails when it ends before `content-length` says. Where `proxy.ts` matches the route Next buffers the
 * body, cuts it off at a limit without a word to the handler, and the signature cannot fit what is left.
 */
export function completeBody(
  body: IncomingWebhook['body'],
  headers: HeaderPairs,
  signal?: AbortSignal,
): IncomingWebhook['body'] {
  const declared = Number(headers.find(([name]) => name.toLowerCase() === 'content-length')?.[1] ?? 0)
  return body instanceof Uint8Array || !(declared > 0) ? body : counted(body ?? nothing(), declared, signal)
}

async function* counted(
  body: AsyncIterable<Uint8Array>,
  declared: number,
  signal: AbortSignal | undefined,
): AsyncGenerator<Uint8Array> {
  let length = 0
  for await (const chunk of body) {
    length += chunk.byteLength
    yield chunk
  }
  if (length >= declared) return
  // Of a request whose sender is gone Next may leave the body out.
  signal?.throwIfAborted()
  throw truncated(length, declared)
}

async function* nothing(): AsyncGenerator<Uint8Array> {}

function truncated(length: number, declared: number): IntegrationError {
  return new IntegrationError({
    code: 'configuration_error',
    reason: 'body_truncated',
    message:
      `Only ${length} of ${declared} bytes of the body arrived: \`proxy.ts\` matches the webhook route, and Next cuts off what ` +
      'it buffers for it. Exclude the route in the `matcher` of `proxy.ts`, or raise `experimental.proxyClientMaxBodySize`.',
  })
}
