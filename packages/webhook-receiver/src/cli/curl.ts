import type { SignedRequest } from '../signing/sign-request.ts'

/** A request as a command for `curl` in a POSIX shell, which sends the same bytes. */
export function curlCommand({ method, url, headers, body }: SignedRequest): string {
  const text = readableText(body)
  const head = text === undefined ? `printf %s ${quoted(Buffer.from(body).toString('base64'))} | base64 -d | ` : ''
  const lines = [
    `${head}curl -X ${quoted(method)} ${quoted(url)}`,
    // curl sends bytes: a header value is a byte string.
    ...headers.map(([name, value]) => `-H ${quoted(`${name}: ${Buffer.from(value, 'latin1').toString()}`)}`),
    ...(body.length === 0 ? [] : [`--data-binary ${text === undefined ? '@-' : quoted(text)}`]),
  ]
  return `${lines.join(' \\\n  ')}\n`
}

/** The body as text, where a terminal and a command line keep every byte of it. */
function readableText(body: Uint8Array): string | undefined {
  const text = Buffer.from(body).toString()
  const isPlain = /^[^\p{Cc}\p{Cf}\ufffd]*$/u.test(text.replaceAll('\n', '')) && !text.startsWith('@')
  return isPlain ? text : undefined
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", String.raw`'\''`)}'`
}
