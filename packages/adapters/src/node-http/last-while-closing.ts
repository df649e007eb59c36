import type { WebhookReply } from '@holdfast/webhook-receiver'

/** What of a request of Node.js says on which server it came. */
export interface ServedMessage {
  readonly httpVersionMajor?: number
  readonly socket?: object
}

/**
 * A server that is closing waits for its connections, and Node.js keeps one open as long as its sender goes on using it. So each
 * reply of such a server ends its connection, and the sender comes back on a new one, where the next process listens.
 */
export function lastWhileClosing({ httpVersionMajor, socket }: ServedMessage, reply: WebhookReply): WebhookReply {
  // HTTP/2 has no such header, and ends its sessions by itself.
  if (httpVersionMajor !== 1) return reply
  const { server } = (socket ?? {}) as { readonly server?: { readonly listening?: boolean } }
  if (server?.listening !== false) return reply
  return { ...reply, headers: { ...reply.headers, connection: 'close' } }
}
