import type { HandshakeLiteral, HandshakeResponse, HandshakeValue } from '@holdfast/core'
import type { WebhookReply } from '../receiver/receiver.ts'
import { encodeBase64, encodeHex, utf8ByteString } from '../verify/encoding.ts'
import type { HashProvider, HmacKey } from '../verify/hash-provider.ts'

/** What answers are made of; each throws the refusal where it is not there. */
export interface AnswerMaterial {
  /** ASCII, checked against its alphabet. */
  challenge(): string
  secret(): string
  publicKey(): string
  verifyToken(): string
  /** The public URL without its query. */
  url(): string
  /** The key that signs events with this hash. */
  eventKey(hash: 'sha1' | 'sha256' | 'sha512'): Promise<HmacKey>
}

/**
 * Whatever a sender has us say is said as text of no other type, and kept by nobody: a URL with a challenge in it can be opened
 * in a browser.
 */
const SAFE_HEADERS = { 'x-content-type-options': 'nosniff', 'cache-control': 'no-store' } as const

/** Puts the answer to a handshake together. */
export async function renderAnswer(
  respond: HandshakeResponse,
  material: AnswerMaterial,
  hashes: HashProvider,
): Promise<WebhookReply> {
  const { status, contentType, body } = respond
  const headers: Record<string, string> = { ...SAFE_HEADERS }
  for (const [name, value] of Object.entries(respond.headers ?? {})) {
    headers[name] = await renderValue(value, material, hashes)
  }
  const isJson = body !== undefined && 'json' in body
  const type = contentType ?? (isJson ? 'application/json' : body === undefined ? undefined : 'text/plain')
  if (type !== undefined) headers['content-type'] = type
  if (body === undefined) return { status, headers, body: '' }
  if (!('json' in body)) return { status, headers, body: await renderValue(body, material, hashes) }
  const members: [string, string | number | boolean][] = []
  for (const [name, value] of Object.entries(body.json)) {
    members.push([name, isLiteral(value) ? value.literal : await renderValue(value, material, hashes)])
  }
  return { status, headers, body: JSON.stringify(Object.fromEntries(members)) }
}

async function renderValue(value: HandshakeValue, material: AnswerMaterial, hashes: HashProvider): Promise<string> {
  if ('value' in value) return material[value.value]()
  if ('literal' in value) return value.literal
  if ('hmac' in value) {
    const { hash, encoding, prefix = '' } = value.hmac
    const challenge = material.challenge()
    const key = await material.eventKey(hash)
    const bytes = await key([challenge])
    return prefix + (encoding === 'hex' ? encodeHex(bytes) : encodeBase64(bytes))
  }
  if ('digest' in value) {
    const texts = value.digest.of.map((name) => utf8ByteString(material[name]()))
    return encodeHex(await hashes.digest(value.digest.hash, [texts.join('')]))
  }
  const parts: string[] = []
  for (const part of value.concat) parts.push(await renderValue(part, material, hashes))
  return parts.join('')
}

function isLiteral(value: HandshakeValue | HandshakeLiteral): value is HandshakeLiteral | { readonly literal: string } {
  return 'literal' in value
}
