import type { SignatureFormat } from '@holdfast/core'

/** Finds the candidate signatures, still encoded, in the values of the signature header. */
export function signatureCandidates(values: readonly string[], format: SignatureFormat): readonly string[] {
  const candidates: string[] = []
  for (const value of values) {
    switch (format.kind) {
      case 'plain':
        addWithoutPrefix(candidates, value, format.prefix ?? '')
        break
      case 'keyValue':
        addItems(candidates, value, format.separator, `${format.key}=`)
        break
      case 'taggedList':
        addItems(candidates, value, format.separator, format.tag + format.tagSeparator)
        break
    }
  }
  return candidates
}

/** Every value of `key` in `k=v` pairs. */
export function valuesOfKey(values: readonly string[], separator: string, key: string): readonly string[] {
  const found: string[] = []
  for (const value of values) addItems(found, value, separator, `${key}=`)
  return found
}

function addItems(found: string[], value: string, separator: string, prefix: string): void {
  for (const item of value.split(separator)) addWithoutPrefix(found, trimItem(item), prefix)
}

/** Takes off blanks and the comma that stays at an item where a header that came twice was joined with `, `. */
function trimItem(item: string): string {
  const trimmed = item.trim()
  return trimmed.endsWith(',') ? trimmed.slice(0, -1) : trimmed
}

function addWithoutPrefix(found: string[], text: string, prefix: string): void {
  if (text.startsWith(prefix)) found.push(text.slice(prefix.length))
}
