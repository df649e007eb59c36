const MAX_BYTES = 200
const LITERAL = /^[a-z0-9_-]$/

/**
 * A file name for a consumer: lower-case letters, digits, `-` and `_` stay, every other byte becomes `%hh`. Distinct on file systems that do not
 * tell upper from lower case, too. `undefined` when the name is empty, becomes too long, or has half of a surrogate pair.
 */
export function consumerFileName(name: string): string | undefined {
  const bytes = Buffer.from(name, 'utf8')
  if (bytes.toString('utf8') !== name) return undefined
  let fileName = ''
  for (const byte of bytes) {
    const character = String.fromCharCode(byte)
    fileName += LITERAL.test(character) ? character : `%${byte.toString(16).padStart(2, '0')}`
  }
  return fileName === '' || fileName.length > MAX_BYTES ? undefined : fileName
}

/** The consumer that a file belongs to; `undefined` when no consumer has a file of this name. */
export function consumerOfFileName(fileName: string): string | undefined {
  try {
    const name = decodeURIComponent(fileName)
    return consumerFileName(name) === fileName ? name : undefined
  } catch {
    return undefined
  }
}
