import { UsageError } from './cli-io.ts'

/**
 * Reads what `--header` was given.
 *
 * @throws UsageError when it is not `NAME:VALUE`.
 */
export function headerPair(text: string): readonly [string, string] {
  const colon = text.indexOf(':')
  if (colon <= 0) throw new UsageError('--header takes NAME:VALUE.')
  return [text.slice(0, colon).trim(), text.slice(colon + 1).trim()]
}
