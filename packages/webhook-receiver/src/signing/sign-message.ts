import type {
  DigestScheme,
  HmacScheme,
  SignatureEncoding,
  SignatureFormat,
  SignatureScheme,
  SignatureSource,
  SignatureTimestamp,
  TimeFormat,
  UrlVariant,
} from '@holdfast/core'
import { encodeBase64, encodeHex, utf8Bytes } from '../verify/encoding.ts'
import { eventKey } from '../verify/hmac-scheme.ts'
import { withSecret } from '../verify/message-part.ts'
import { joinPieces, type MessagePiece } from '../verify/message-piece.ts'
import { compileMessage } from '../verify/message-template.ts'
import { decodeKey, keyForm } from '../verify/secret-form.ts'
import { signatureAlgorithms } from '../verify/signature-provider.ts'
import { pairSeparatorOf, separatorOf } from '../verify/signature-timestamp.ts'
import { spellUrl } from '../verify/url-variants.ts'
import { derFromRaw } from './der-signature.ts'
import type { DraftRequest } from './draft-request.ts'
import { fillMessage, fulfilSelect } from './fill-message.ts'
import { firstPlace } from './first-place.ts'
import { keyTexts, nameRecipient } from './name-key.ts'
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
  const url = signedUrl(draft.url, template.urlVariants)
  const pieces = template.build({ reader, timestamp: timestamp?.text ?? '', url, bodyHashes })
  if (typeof pieces === 'string') throw unsignable(pieces)
  const text = encode(await signPieces(scheme, pieces, context), scheme.encoding)
  writeValues(draft, [...placed, { source: signature, format: scheme.signature.format ?? plain, text }], base)
}

const plain: SignatureFormat = { kind: 'plain' }

/** The URL in the spelling that its provider signs always; other variants are what it may have been configured with. */
function signedUrl(url: string, variants: readonly UrlVariant[]): string {
  const always = variants.filter((variant) => variant === 'encode_uri' || variant === 'percent_decoded')
  return spellUrl(url, always).at(-1) ?? url
}

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

function isSame(left: { from: string; name?: string; pointer?: string }, right: typeof left): boolean {
  return left.from === right.from && left.name === right.name && left.pointer === right.pointer
}
