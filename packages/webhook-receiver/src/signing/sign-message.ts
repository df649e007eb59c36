import type {
  DigestScheme,
  HmacScheme,
  KeySource,
  SignatureEncoding,
  SignatureFormat,
  SignatureScheme,
  SignatureSource,
  SignatureTimestamp,
  TimeFormat,
} from '@holdfast/core'
import { encodeBase64, encodeHex, utf8Bytes } from '../verify/encoding.ts'
import { eventKey } from '../verify/hmac-scheme.ts'
import { withSecret } from '../verify/message-part.ts'
import { joinPieces, type MessagePiece } from '../verify/message-piece.ts'
import { compileMessage } from '../verify/message-template.ts'
import { decodeKey, keyForm } from '../verify/secret-form.ts'
import { signatureAlgorithms } from '../verify/signature-provider.ts'
import { pairSeparatorOf, separatorOf } from '../verify/signature-timestamp.ts'
import { derFromRaw } from './der-signature.ts'
import type { DraftRequest } from './draft-request.ts'
import { fillMessage, fillSource, fulfilSelect } from './fill-message.ts'
import { signBytes } from './private-key.ts'
import type { SigningContext } from './signing-context.ts'
import { cannotSign, unsignable } from './signing-error.ts'
import { type PlacedText, writeValues } from './write-values.ts'

/** A scheme with a signature over a message. */
export type MessageScheme = HmacScheme | DigestScheme | SignatureScheme

/** Signs a request, or the item of it at `base`, and writes the signature into it. */
export async function signMessage(
  draft: DraftRequest,
  scheme: MessageScheme,
  context: SigningContext,
  base = '',
): Promise<void> {
  const { hashes, eventId, timestampMs } = context
  const signature = firstPlace(scheme.signature)
  const timestamp = scheme.timestamp && { ...scheme.timestamp, text: writeTime(timestampMs, scheme.timestamp.format) }
  const placed = [
    ...(timestamp === undefined ? [] : [timeOf(draft, timestamp, scheme.signature, base)]),
    ...(scheme.scheme === 'signature' ? keyTexts(draft, scheme.key, context, base) : []),
  ].filter((text) => text !== undefined)
  writeValues(draft, placed, base)
  if (scheme.scheme === 'signature') nameRecipient(draft, scheme, context, base)
  fillMessage(draft, scheme.message, context, timestamp?.from === 'header' ? timestamp.name : undefined, base)
  fulfilSelect(
    draft,
    scheme.select,
    context,
    (source) => isSame(source, signature) || (scheme.bodyHash !== undefined && isSame(source, scheme.bodyHash)),
  )
  if (scheme.bodyHash !== undefined) {
    const digest = await hashes.digest(scheme.bodyHash.hash, [draft.read().request.body])
    draft.write(scheme.bodyHash, encode(digest, scheme.bodyHash.encoding), base)
  }

  const template = compileMessage(scheme.message, eventId, hashes)
  const reader = draft.read(base)
  const bodyHashes = (await template.bodyDigests?.(reader.request.body)) ?? []
  const pieces = template.build({ reader, timestamp: timestamp?.text ?? '', url: draft.url, bodyHashes })
  if (typeof pieces === 'string') throw unsignable(pieces)
  const text = encode(await signPieces(scheme, pieces, context), scheme.encoding)
  writeValues(draft, [...placed, { source: signature, format: scheme.signature.format ?? plain, text }], base)
}

const plain: SignatureFormat = { kind: 'plain' }

/** A time as a provider writes it. */
export function writeTime(ms: number, format: TimeFormat): string {
  switch (format) {
    case 'epoch_s':
    case 'epoch':
      return String(Math.floor(ms / 1000))
    case 'epoch_ms':
      return String(Math.floor(ms))
    case 'rfc3339':
      return new Date(ms).toISOString()
  }
}

/** Writes bytes as a provider does. */
export function encode(bytes: Uint8Array, encoding: SignatureEncoding): string {
  switch (encoding) {
    case 'hex':
      return encodeHex(bytes)
    case 'base64':
      return encodeBase64(bytes)
    case 'base64url':
      return encodeBase64(bytes).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '')
  }
}

/** Where the first of several signatures stands. */
export function firstPlace({ from, name, pointer, numbered }: SignatureSource): Omit<SignatureSource, 'format'> {
  return {
    from,
    ...(name !== undefined && { name: numbered === undefined ? name : name.replace('{n}', '1') }),
    ...(pointer !== undefined && { pointer }),
  }
}

async function signPieces(
  scheme: MessageScheme,
  pieces: readonly MessagePiece[],
  { key, hashes }: SigningContext,
): Promise<Uint8Array> {
  switch (scheme.scheme) {
    case 'hmac': {
      const digest = eventKey(scheme, key.secret ?? '', hashes)
      if (digest === undefined) throw wrongSecret(scheme)
      return digest(pieces)
    }
    case 'digest': {
      const secret = decodeKey(key.secret ?? '', scheme.secret)
      if (secret === undefined) throw wrongSecret(scheme)
      return hashes.digest(scheme.hash, withSecret(pieces, secret))
    }
    case 'signature': {
      const message = joinPieces(withSecret(pieces, utf8Bytes(key.secret ?? '')))
      const facts = signatureAlgorithms[scheme.algorithm]
      const signature = await signBytes(facts, key.privateKey, message)
      const isDer = scheme.form !== 'raw' && (facts.kind === 'p256' || facts.kind === 'p384')
      return isDer ? derFromRaw(signature) : signature
    }
  }
}

function wrongSecret({ secret }: HmacScheme | DigestScheme): Error {
  return cannotSign('key', keyForm(secret).description, 'a string of another form')
}

interface WrittenTime extends SignatureTimestamp {
  readonly text: string
}

/** Where the time stands; alone in the body, it is written at once, as a number where there is none or a number. */
function timeOf(
  draft: DraftRequest,
  timestamp: WrittenTime,
  signature: SignatureSource,
  base: string,
): PlacedText | undefined {
  const { from, name, pointer, key, index, format, text } = timestamp
  const source = { from, ...(name !== undefined && { name }), ...(pointer !== undefined && { pointer }) }
  if (key !== undefined) {
    const [separator, pairSeparator] = [separatorOf(signature), pairSeparatorOf(signature)]
    return { source, format: { kind: 'keyValue', separator, pairSeparator, key }, text }
  }
  if (index !== undefined)
    return { source, format: { kind: 'positional', separator: separatorOf(signature), from: index }, text }
  if (from !== 'body') return { source, format: plain, text }
  const reader = draft.read(base)
  if (reader.values(source)[0] === text) return undefined
  const isNumber = format !== 'rfc3339' && typeof reader.value(pointer ?? '') !== 'string'
  if (isNumber) draft.body.write(base + (pointer ?? ''), Number(text))
  else draft.write(source, text, base)
  return undefined
}

/** Says which key signs, and where it is published. */
function keyTexts(
  draft: DraftRequest,
  source: KeySource,
  { key }: SigningContext,
  base: string,
): readonly PlacedText[] {
  if (source.from === 'secret') return []
  if (typeof source.url === 'object') {
    if (key.keyUrl === undefined) throw cannotSign('key.keyUrl', 'a URL, for the request says where its key is', 'none')
    const { origin = '' } = source
    draft.write(source.url, key.keyUrl.startsWith(origin) ? key.keyUrl.slice(origin.length) : key.keyUrl, base)
  }
  if (source.keyId === undefined) return []
  if (key.keyId === undefined) throw cannotSign('key.keyId', 'a string, for the request names its key', 'none')
  return [{ source: firstPlace(source.keyId), format: source.keyId.format ?? plain, text: key.keyId }]
}

function nameRecipient(draft: DraftRequest, scheme: SignatureScheme, { key }: SigningContext, base: string): void {
  const needsSecret = scheme.recipient !== undefined || scheme.message.some(({ part }) => part === 'secret')
  if (needsSecret && key.secret === undefined) {
    throw cannotSign(
      'key.secret',
      'a string: the provider signs whom the event is for, or the id of the webhook',
      'none',
    )
  }
  if (scheme.recipient !== undefined) fillSource(draft, scheme.recipient, key.secret ?? '', base)
}

function isSame(left: { from: string; name?: string; pointer?: string }, right: typeof left): boolean {
  return left.from === right.from && left.name === right.name && left.pointer === right.pointer
}
