import type { MessagePart, SignedMessage, WebhookField } from '@holdfast/core'
import type { BoundPart, Verified } from './verify-result.ts'

/** What the message of a scheme covers, and how strongly. */
export interface Coverage {
  readonly bound: readonly BoundPart[]
  readonly strength: Extract<Verified['strength'], 'signature' | 'partial'>
}

/** Reads from a scheme what its signature covers. */
export function coverageOf(
  { message, bodyHash }: Pick<SignedMessage, 'message' | 'bodyHash'>,
  eventId: WebhookField | undefined,
): Coverage {
  const bound = new Set<BoundPart>(message.flatMap((part) => coveredBy(part, eventId)))
  if (bodyHash !== undefined) bound.add('body')
  if (eventId !== undefined && coversId(bound, message, eventId)) bound.add('id')
  return { bound: Object.freeze([...bound]), strength: bound.has('body') ? 'signature' : 'partial' }
}

function coveredBy(part: MessagePart, eventId: WebhookField | undefined): readonly BoundPart[] {
  switch (part.part) {
    case 'body':
    case 'sortedForm':
      return ['body']
    case 'bodyHash':
      // A CRC is no hash: to any other body four bytes can be added with which it has the same one.
      return part.hash === 'crc32' ? [] : ['body']
    case 'timestamp':
    case 'method':
    case 'id':
      return [part.part]
    case 'url':
      return part.form === 'path' ? [] : ['url']
    case 'header':
      return [eventId?.from === 'header' && eventId.name === part.name ? 'id' : `header:${part.name}`]
    case 'query':
      return [eventId?.from === 'query' && eventId.name === part.name ? 'id' : `query:${part.name}`]
    case 'field':
      return [eventId?.from === 'body' && eventId.pointer === part.pointer ? 'id' : `field:${part.pointer}`]
    case 'headerList':
    case 'literal':
    case 'secret':
      return []
  }
}

/** Whether the event id stands in something that is covered. */
function coversId(
  bound: ReadonlySet<BoundPart>,
  message: readonly MessagePart[],
  { from, pointer = '' }: WebhookField,
): boolean {
  if (from === 'query') return bound.has('url')
  if (from !== 'body') return false
  // An id in a field that is signed as a whole.
  return bound.has('body') || message.some((part) => part.part === 'field' && pointer.startsWith(`${part.pointer}/`))
}
