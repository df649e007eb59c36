import type { NewEvent, StoredEvent } from '../buffer/event-buffer.ts'
import { UsageError } from './cli-io.ts'
import { isoTime } from './iso-time.ts'

/** An event as a line of JSON. */
export interface EventJson {
  readonly position?: string
  readonly partition?: number
  readonly id: string
  readonly source: string
  readonly tenant?: string
  readonly key?: string
  readonly type?: string
  readonly eventId?: string
  /** ISO 8601. */
  readonly receivedAt: string
  readonly occurredAt?: string
  readonly batch?: NewEvent['batch']
  readonly method: string
  readonly url: string
  readonly remoteAddress?: string
  readonly headers: NewEvent['headers']
  /** Where it is UTF-8. */
  readonly body?: string
  /** Where it is not. */
  readonly bodyBase64?: string
}

const strictUtf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** The event with everything that it has; reading it again gives the same bytes. */
export function eventToJson(event: StoredEvent): EventJson {
  const { body, receivedAt, occurredAt, position, partition, id, source, method, url, headers, ...rest } = event
  return {
    position,
    partition,
    id,
    source,
    ...rest,
    receivedAt: new Date(receivedAt).toISOString(),
    ...(occurredAt === undefined ? {} : { occurredAt: new Date(occurredAt).toISOString() }),
    method,
    url,
    headers,
    ...bodyToJson(body),
  }
}

/**
 * Reads what `eventToJson` wrote, or what somebody else made in its form.
 *
 * @throws UsageError for what is no event, with `where`.
 */
export function eventFromJson(value: unknown, where: string): NewEvent {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new UsageError(`${where}: expected an object.`)
  const fields = value as Readonly<Record<string, unknown>>
  const text = (name: string): string => {
    const found = fields[name]
    if (typeof found === 'string' && found !== '') return found
    throw new UsageError(`${where}: \`${name}\` must be a text.`)
  }
  const optional = <Name extends string>(name: Name): { readonly [Key in Name]?: string } =>
    fields[name] === undefined || fields[name] === '' ? {} : ({ [name]: text(name) } as { [Key in Name]?: string })
  const occurredAt =
    fields['occurredAt'] === undefined || fields['occurredAt'] === ''
      ? undefined
      : timeOf(text('occurredAt'), where, 'occurredAt')
  return {
    id: text('id'),
    source: text('source'),
    ...optional('tenant'),
    ...optional('key'),
    ...optional('type'),
    ...optional('eventId'),
    ...optional('remoteAddress'),
    receivedAt: timeOf(text('receivedAt'), where, 'receivedAt'),
    ...(occurredAt === undefined ? {} : { occurredAt }),
    ...batchOf(fields['batch'], where),
    method: fields['method'] === undefined ? 'POST' : text('method'),
    url: fields['url'] === '' ? '' : fields['url'] === undefined ? '/' : text('url'),
    headers: headersOf(fields['headers'], where),
    body: bodyOf(fields, where),
  }
}

function bodyToJson(body: Uint8Array): Pick<EventJson, 'body' | 'bodyBase64'> {
  try {
    return { body: strictUtf8.decode(body) }
  } catch {
    return { bodyBase64: Buffer.from(body).toString('base64') }
  }
}

function bodyOf({ body, bodyBase64 }: Readonly<Record<string, unknown>>, where: string): Uint8Array {
  if (typeof body === 'string' && bodyBase64 === undefined) return Buffer.from(body)
  if (typeof bodyBase64 === 'string' && body === undefined) {
    const bytes = Buffer.from(bodyBase64, 'base64')
    if (bytes.toString('base64').replaceAll('=', '') === bodyBase64.replaceAll('=', '')) return bytes
  }
  throw new UsageError(`${where}: expected either \`body\`, a text, or \`bodyBase64\`, in base64.`)
}

function headersOf(value: unknown, where: string): NewEvent['headers'] {
  if (value === undefined) return []
  const isPair = (pair: unknown): pair is [string, string] =>
    Array.isArray(pair) && pair.length === 2 && pair.every((part) => typeof part === 'string')
  if (Array.isArray(value) && value.every(isPair)) return value
  throw new UsageError(`${where}: \`headers\` must be an array of pairs of name and value.`)
}

function batchOf(value: unknown, where: string): Pick<NewEvent, 'batch'> {
  if (value === undefined) return {}
  const { id, index, size } = (value ?? {}) as Readonly<Record<string, unknown>>
  if (typeof id === 'string' && Number.isSafeInteger(index) && Number.isSafeInteger(size))
    return { batch: { id, index: index as number, size: size as number } }
  throw new UsageError(`${where}: \`batch\` must have \`id\`, \`index\` and \`size\`.`)
}

function timeOf(text: string, where: string, name: string): number {
  const ms = isoTime(text)
  if (ms === undefined) throw new UsageError(`${where}: \`${name}\` must be a time in ISO 8601.`)
  return ms
}
