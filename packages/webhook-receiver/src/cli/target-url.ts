import { UsageError } from './cli-io.ts'
import { printable } from './output.ts'

/**
 * Checks where requests are to be sent.
 *
 * @param subject - What takes it, such as `--url`.
 * @throws UsageError when it is no http URL, or has credentials, which `fetch` refuses; they are not told again, nor is a query.
 */
export function requireTargetUrl(text: string, subject: string): void {
  const url = URL.parse(text)
  if (url === null || !/^https?:\/\//.test(text))
    throw new UsageError(
      `${subject} takes an http:// or https:// URL, got \`${printable(text.replace(/[?#].*$/s, '?…'))}\`.`,
    )
  if (url.username !== '' || url.password !== '')
    throw new UsageError(`${subject} takes a URL without credentials. Give them with --header.`)
}
