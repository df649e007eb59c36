import type { ResolvedReply } from './upstream-reply.ts'

/** The fields of a reply as a Response takes them. */
export function replyHeaders({ headers, fault }: ResolvedReply): Headers {
  const fields = new Headers()
  for (const [name, value] of headers) fields.append(name, value)
  if (fault === 'encoding_wrong') fields.set('content-encoding', 'gzip')
  return fields
}
