import { latin1String } from './encoding.ts'

/** Name and value of a form field or a query parameter, decoded, as byte strings. */
export type FormPair = readonly [name: string, value: string]

/**
 * Reads `application/x-www-form-urlencoded` byte by byte, in order, repeated names included. Nothing is refused: what is no
 * escape stands for itself.
 */
export function parseForm(source: string | Uint8Array): readonly FormPair[] {
  const text = typeof source === 'string' ? source : latin1String(source)
  const pairs: FormPair[] = []
  for (const item of text.split('&')) {
    if (item === '') continue
    const equals = item.indexOf('=')
    pairs.push(
      equals === -1
        ? [decodeFormText(item), '']
        : [decodeFormText(item.slice(0, equals)), decodeFormText(item.slice(equals + 1))],
    )
  }
  return pairs
}

function decodeFormText(text: string): string {
  const spaced = text.includes('+') ? text.replaceAll('+', ' ') : text
  return decodePercent(spaced)
}

/** Decodes `%XX` into one unit each; what is no escape stays. */
export function decodePercent(text: string): string {
  if (!text.includes('%')) return text
  return text.replace(/%([0-9a-f]{2})/gi, (_escape, digits: string) => String.fromCharCode(Number.parseInt(digits, 16)))
}

/** Compares by name, then by value, byte by byte. */
export function comparePairs([leftName, left]: FormPair, [rightName, right]: FormPair): number {
  return compareBytes(leftName, rightName) || compareBytes(left, right)
}

/** Compares two byte strings. */
export function compareBytes(left: string, right: string): number {
  if (left === right) return 0
  return left < right ? -1 : 1
}
