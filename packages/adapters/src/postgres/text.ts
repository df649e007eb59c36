/**
 * Text of PostgreSQL holds every character but the one with the code 0. Both ways keep different texts different.
 */
export function storedText(text: string): string {
  return /[\\\0]/.test(text) ? text.replaceAll('\\', '\\\\').replaceAll('\0', '\\0') : text
}

/** The text that was stored. */
export function readText(stored: string): string {
  return stored.includes('\\') ? stored.replace(/\\(.)/gs, (_, escaped) => (escaped === '0' ? '\0' : escaped)) : stored
}
