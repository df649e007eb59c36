// Indented, what is nested grows with the square of its depth, and deep enough no program can write it again.
const MAX_DEPTH = 32

/**
 * The ways in which programs write the same JSON value: with and without blanks, indented, with escapes. None for what is no
 * JSON, or is nested more deeply than any event.
 */
export function jsonSpellings(text: string): readonly string[] {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return []
  }
  if (isDeeper(value, MAX_DEPTH)) return []
  const compact = JSON.stringify(value)
  const spaced = withBlanks(value)
  const plain = [
    compact,
    spaced,
    JSON.stringify(value, null, 2),
    JSON.stringify(value, null, 4),
    JSON.stringify(value, null, '\t'),
  ]
  const escaped = [
    escapeSlashes(compact),
    escapeNonAscii(compact),
    escapeNonAscii(escapeSlashes(compact)),
    escapeNonAscii(spaced),
  ]
  return [...new Set([...plain, ...escaped])].filter((spelling) => spelling !== text)
}

function isDeeper(value: unknown, depth: number): boolean {
  if (typeof value !== 'object' || value === null) return false
  return depth === 0 || Object.values(value).some((member) => isDeeper(member, depth - 1))
}

/** With a blank behind each comma and colon, as Python writes it. */
function withBlanks(value: unknown): string {
  // Line breaks are never part of a string in JSON, so each one is where a blank may be.
  return JSON.stringify(value, null, 1)
    .replace(/([[{])\n */g, '$1')
    .replace(/\n *([\]}])/g, '$1')
    .replace(/\n */g, ' ')
}

/** As PHP writes it. */
function escapeSlashes(json: string): string {
  return json.replaceAll('/', String.raw`\/`)
}

/** As PHP and Python write it. */
function escapeNonAscii(json: string): string {
  return json.replace(/[\u0080-\uffff]/g, (unit) => String.raw`\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
}
