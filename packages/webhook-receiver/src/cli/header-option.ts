import { UsageError } from './cli-io.ts'
import { printable } from './output.ts'

/**
 * Reads what `--header` was given.
 *
 * @throws UsageError when it is not `NAME:VALUE`.
 */
export function headerPair(text: string): readonly [string, string] {
  const colon = text.indexOf(':')
  const name = text.slice(0, Math.max(colon, 0)).trim()
  const value = text.slice(colon + 1).trim()
  if (!isHeaderName(name) || !isHeaderValue(value))
    throw new UsageError(`--header takes NAME:VALUE, got \`${printable(name === '' ? text : `${name}:…`)}\`.`)
  return [name, value]
}

/** Whether a header may be called so. */
export function isHeaderName(text: string): boolean {
  return /^[\w!#$%&'*+.^`|~-]+$/.test(text)
}

/** Visible characters of one byte, spaces and tabs. */
function isHeaderValue(text: string): boolean {
  return /^[\t\u0020-\u007e\u0080-\u00ff]*$/.test(text)
}
