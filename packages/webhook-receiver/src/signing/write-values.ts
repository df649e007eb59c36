import type { SignatureFormat, ValueSource } from '@holdfast/core'
import { encodeBase64, utf8Bytes } from '../verify/encoding.ts'
import type { DraftRequest } from './draft-request.ts'
import { writePointer } from './json-value.ts'

/** A text, the value that holds it, and how it stands in there. */
export interface PlacedText {
  readonly source: ValueSource
  readonly format: SignatureFormat
  readonly text: string
}

/** Writes texts where they belong; those that share a value, such as `t=…,v1=…`, together and in this order. */
export function writeValues(draft: DraftRequest, texts: readonly PlacedText[], base: string): void {
  const groups = new Map<string, PlacedText[]>()
  for (const text of texts) {
    const { from, name = '', pointer = '' } = text.source
    const place = `${from} ${name} ${pointer}`
    groups.set(place, [...(groups.get(place) ?? []), text])
  }
  for (const group of groups.values()) {
    const last = group.at(-1)
    if (last !== undefined) draft.write(last.source, joined(group, last), base)
  }
}

function joined(group: readonly PlacedText[], { format, text }: PlacedText): string {
  switch (format.kind) {
    case 'plain':
    case 'list':
      return `${format.prefix ?? ''}${text}`
    case 'keyValue':
      return group.map((item) => pairOf(item)).join(format.separator)
    case 'taggedList':
      return `${format.tag}${format.tagSeparator}${text}`
    case 'positional':
      return positions(group).join(format.separator)
    case 'pairs':
      // The name of the key tells nothing: every pair is tried.
      return `key${format.pairSeparator}${text}`
    case 'base64Json':
      return encodeBase64(utf8Bytes(JSON.stringify(members(group))))
  }
}

function pairOf({ format, text }: PlacedText): string {
  return format.kind === 'keyValue' ? `${format.key}${format.pairSeparator ?? '='}${text}` : text
}

function positions(group: readonly PlacedText[]): readonly string[] {
  const items: string[] = []
  for (const { format, text } of group) if (format.kind === 'positional') items[format.from] = text
  return Array.from(items, (item: string | undefined) => item ?? '')
}

function members(group: readonly PlacedText[]): Readonly<Record<string, unknown>> {
  const value = {}
  for (const { format, text } of group) if (format.kind === 'base64Json') writePointer(value, format.pointer, text)
  return value
}
