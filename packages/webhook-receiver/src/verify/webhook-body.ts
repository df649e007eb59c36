import { readPointer, type WebhookField } from '@holdfast/core'
import type { HeaderPairs } from '../buffer/event-buffer.ts'
import { joinedHeader } from './request-headers.ts'

/** What a connector reads from a request besides its signature. The body is parsed once, and only when a field needs it. */
export interface WebhookFields {
  /**
   * The value at a JSON Pointer into the body, as text. `undefined`: absent, not a scalar, a number that a double cannot hold,
   * or the body is not JSON.
   */
  atPointer(pointer: string): string | undefined
  /** The value that `field` points to, as text; a number digit by digit. Only for verified requests, for that may parse twice. */
  read(field: WebhookField | undefined): string | undefined
}

/** Reads fields of one request. Bodies may be JSON or an HTML form; of a form, each name is a member. */
export function webhookFields(headers: HeaderPairs, body: Uint8Array): WebhookFields {
  let parsed: { readonly value: unknown } | undefined

  const atPointer = (pointer: string): string | undefined => {
    parsed ??= { value: parseBody(headers, body) }
    return scalarText(readPointer(parsed.value, pointer))
  }

  const exactAtPointer = (pointer: string): string | undefined => {
    parsed ??= { value: parseBody(headers, body) }
    if (!isExact(readPointer(parsed.value, pointer))) parsed = { value: parseBody(headers, body, keepDigits) }
    return scalarText(readPointer(parsed.value, pointer))
  }

  return {
    atPointer,
    read(field) {
      if (field === undefined) return undefined
      const text =
        field.from === 'header' ? joinedHeader(headers, field.name ?? '') : exactAtPointer(field.pointer ?? '')
      return text === '' ? undefined : text
    },
  }
}

const decoder = new TextDecoder()

function parseBody(headers: HeaderPairs, body: Uint8Array, reviver?: typeof keepDigits): unknown {
  const text = decoder.decode(body)
  const type = joinedHeader(headers, 'content-type')?.toLowerCase() ?? ''
  if (type.startsWith('application/x-www-form-urlencoded')) return Object.fromEntries(new URLSearchParams(text))
  try {
    return JSON.parse(text, reviver)
  } catch {
    return undefined
  }
}

/** `JSON.parse` rounds numbers that a double cannot hold: two 64-bit ids would become one, and one event a duplicate. */
function isExact(value: unknown): boolean {
  return typeof value !== 'number' || Number.isSafeInteger(value)
}

/** Keeps such a number as it is written, where the engine shows the source text; elsewhere it stays a number. */
function keepDigits(_key: string, value: unknown, context?: { readonly source?: string }): unknown {
  return isExact(value) ? value : (context?.source ?? value)
}

/** A number that is not exact is no text at all: absent is safer than wrong. */
function scalarText(value: unknown): string | undefined {
  if (typeof value === 'string') return value
  return typeof value === 'boolean' || Number.isSafeInteger(value) ? String(value) : undefined
}
