import type { SignatureFormat } from '@holdfast/core'

/** Finds the candidate signatures, still encoded, in the values of the signature header. */
export function signatureCandidates(values: readonly string[], format: SignatureFormat): readonly string[] {
  switch (format.kind) {
    case 'plain':
      return values.flatMap((value) => withoutPrefix(value, format.prefix ?? ''))
    case 'keyValue':
      return valuesOfKey(values, format.separator, format.key)
    case 'taggedList':
      return items(values, format.separator).flatMap((item) => withoutPrefix(item, format.tag + format.tagSeparator))
  }
}

/** Every value of `key` in `k=v` pairs. */
export function valuesOfKey(values: readonly string[], separator: string, key: string): readonly string[] {
  return items(values, separator).flatMap((item) => withoutPrefix(item, `${key}=`))
}

function items(values: readonly string[], separator: string): readonly string[] {
  return values.flatMap((value) => value.split(separator)).map(trimItem)
}

/** Takes off blanks and the comma that stays at an item where a header that came twice was joined with `, `. */
function trimItem(item: string): string {
  const trimmed = item.trim()
  return trimmed.endsWith(',') ? trimmed.slice(0, -1) : trimmed
}

function withoutPrefix(text: string, prefix: string): readonly string[] {
  return text.startsWith(prefix) ? [text.slice(prefix.length)] : []
}
