const MAX_BYTES = 200
const LITERAL = /^[a-z0-9_-]$/

/**
 * A file name for a consumer: lower-case letters, digits, `-` and `_` stay, every other byte becomes `%hh`. Distinct on file systems that do not
 * tell upper from lower case, too. `undefined` when the name is empty or becomes too long.
 */
export function consumerFileName(name: string): string | undefined {
  let fileName = ''
  for (const byte of Buffer.from(name, 'utf8')) {
    const character = String.fromCharCode(byte)
    fileName += LITERAL.test(character) ? character : `%${byte.toString(16).padStart(2, '0')}`
  }
  return fileName === '' || fileName.length > MAX_BYTES ? undefined : fileName
}

/** The consumer that a file belongs to. */
export function consumerOfFileName(fileName: string): string {
  return decodeURIComponent(fileName)
}
