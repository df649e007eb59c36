import type { ConfirmationLink } from '@holdfast/core'
import type { RequestReader } from '../verify/request-reader.ts'
import { matchesHost } from '../verify/keys/url-pattern.ts'

/**
 * The link that an event wants to be opened, if it leads where the connector allows: over https on the standard port to one of
 * the hosts. Whoever may write it would otherwise say where our server connects to.
 */
export function confirmationLink(reader: RequestReader, { pointer, hosts }: ConfirmationLink): string | undefined {
  const values = reader.values({ from: 'body', pointer })
  const [text = ''] = values
  // Control characters, backslashes and blanks are read differently by different parsers.
  if (values.length !== 1 || !/^https:\/\/[!-[\]-~]+$/.test(text) || !URL.canParse(text)) return undefined
  const { hostname, port, username, password, href } = new URL(text)
  const isPlain = port === '' && username === '' && password === ''
  return isPlain && hosts.some((pattern) => matchesHost(pattern, hostname)) ? href : undefined
}
