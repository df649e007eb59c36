import { readPointer, type SignatureFormat } from '@holdfast/core'
import { decodeBase64, decodeBase64Url } from './encoding.ts'

/** Adds the signatures that a value holds, still encoded, to those found before. */
export type SignatureParser = (value: string, found: string[]) => void

/** Prepares how signatures are found in a value. Whatever has another form has none. */
export function compileFormat(format: SignatureFormat = plain): SignatureParser {
  switch (format.kind) {
    case 'plain': {
      const { prefix = '' } = format
      return (value, found) => addBehind(found, value, prefix)
    }
    case 'list': {
      const { separator, prefix = '' } = format
      return (value, found) => eachItem(value, separator, (item) => addBehind(found, item, prefix))
    }
    case 'keyValue': {
      const { separator, key, pairSeparator = '=' } = format
      return (value, found) => addValuesOfKey(found, value, separator, key + pairSeparator)
    }
    case 'taggedList': {
      const { separator, tag, tagSeparator } = format
      return (value, found) => addValuesOfKey(found, value, separator, tag + tagSeparator)
    }
    case 'positional': {
      const { separator, from } = format
      return (value, found) =>
        eachItem(value, separator, (item, index) => {
          if (index >= from) found.push(item)
        })
    }
    case 'pairs': {
      const { separator, pairSeparator } = format
      return (value, found) =>
        eachItem(value, separator, (item) => {
          const at = item.indexOf(pairSeparator)
          if (at !== -1) found.push(item.slice(at + pairSeparator.length))
        })
    }
    case 'base64Json': {
      const { pointer } = format
      return (value, found) => {
        const text = readPointer(parseBase64Json(value), pointer)
        if (typeof text === 'string') found.push(text)
      }
    }
  }
}

/** The item at an index of a list. */
export function itemAt(value: string, separator: string, wanted: number): string | undefined {
  let found: string | undefined
  eachItem(value, separator, (item, index) => {
    if (index === wanted) found = item
  })
  return found
}

/** Adds every item that begins with `start`, without it. */
export function addValuesOfKey(found: string[], value: string, separator: string, start: string): void {
  for (let from = 0; from <= value.length; ) {
    const next = value.indexOf(separator, from)
    const end = next === -1 ? value.length : next
    // Not beyond the item: where blanks separate, those behind it would be looked at again for each of them.
    while (from < end && value.charCodeAt(from) === SPACE) from++
    const valueStart = from + start.length
    // Looked at in place: most items are of another key, and need no text of their own.
    if (valueStart <= end && value.startsWith(start, from)) found.push(trimItemEnd(value.slice(valueStart, end)))
    from = end + separator.length
  }
}

const SPACE = 0x20
const plain: SignatureFormat = { kind: 'plain' }
const decoder = new TextDecoder()

/** JSON in base64, or in its URL-safe form; `undefined` where it is none. */
export function parseBase64Json(value: string): unknown {
  const bytes = decodeBase64(value) ?? decodeBase64Url(value)
  if (bytes === undefined) return undefined
  try {
    return JSON.parse(decoder.decode(bytes))
  } catch {
    return undefined
  }
}

function eachItem(value: string, separator: string, visit: (item: string, index: number) => void): void {
  let start = 0
  for (let index = 0; start <= value.length; index++) {
    const next = value.indexOf(separator, start)
    const end = next === -1 ? value.length : next
    visit(trimItem(value.slice(start, end)), index)
    start = end + separator.length
  }
}

function trimItem(item: string): string {
  return trimItemEnd(item.trimStart())
}

/** Takes off blanks, and the comma that stays at an item where a header that came twice was joined with `, `. */
function trimItemEnd(item: string): string {
  const trimmed = item.trimEnd()
  return trimmed.endsWith(',') ? trimmed.slice(0, -1) : trimmed
}

function addBehind(found: string[], text: string, start: string): void {
  if (text.startsWith(start)) found.push(text.slice(start.length))
}
