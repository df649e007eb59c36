import { readPointer, type WebhookField } from '@holdfast/core'
import type { HeaderPairs } from '../buffer/event-buffer.ts'
import { joinedHeader } from './request-headers.ts'

/** What a connector reads from a request besides its signature. The body is parsed once, and only when a field needs it. */
export interface WebhookFields {
  /** The value at a JSON Pointer into the body, as text. `undefined`: absent, not a scalar, or the body is not JSON. */
  atPointer(pointer: string): string | undefined
  /** The value that `field` points to, as text. */
  read(field: WebhookField | undefined): string | undefined
}

/** Reads fields of one request. Bodies may be JSON or an HTML form; of a form, each name is a member. */
export function webhookFields(headers: HeaderPairs, body: Uint8Array): WebhookFields {
  let parsed: { readonly value: unknown } | undefined

  const atPointer = (pointer: string): string | undefined => {
    parsed ??= { value: parseBody(headers, body) }
    return scalarText(readPointer(parsed.value, pointer))
  }

  return {
    atPointer,
    read(field) {
      if (field === undefined) return undefined
      const text = field.from === 'header' ? joinedHeader(headers, field.name ?? '') : atPointer(field.pointer ?? '')
      return text === '' ? undefined : text
    },
  }
}

const decoder = new TextDecoder()

function parseBody(headers: HeaderPairs, body: Uint8Array): unknown {
  const text = decoder.decode(body)
  const type = joinedHeader(headers, 'content-type')?.toLowerCase() ?? ''
  if (type.startsWith('application/x-www-form-urlencoded')) return Object.fromEntries(new URLSearchParams(text))
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function scalarText(value: unknown): string | undefined {
  if (typeof value === 'string') return value
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : undefined
}
