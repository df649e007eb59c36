/**
 * Text of PostgreSQL holds every character but the one with the code 0, and no half of a surrogate pair, which cut texts end with. Both ways keep
 * different texts different.
 */
export function storedText(text: string): string {
  return text.replace(/[\\\0\p{Surrogate}]/gu, (character) => {
    if (character === '\\') return '\\\\'
    return character === '\0' ? '\\0' : `\\u${character.charCodeAt(0).toString(16)}`
  })
}

/** The text that was stored. */
export function readText(stored: string): string {
  return stored.replace(/\\(?:u([\da-f]{4})|(.))/gs, (_, code: string | undefined, escaped: string) => {
    if (code !== undefined) return String.fromCharCode(Number.parseInt(code, 16))
    return escaped === '0' ? '\0' : escaped
  })
}
