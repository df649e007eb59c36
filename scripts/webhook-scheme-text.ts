// What a way to verify is called in tables.
import type {
  JwtScheme,
  MessagePart,
  SignatureAlgorithm,
  SignatureSource,
  VerificationScheme,
  WebhookField,
} from '../packages/core/src/connectors/connector.ts'

const hashNames = { sha1: 'SHA-1', sha256: 'SHA-256', sha384: 'SHA-384', sha512: 'SHA-512' } as const

/** How the sender proves itself, and where. */
export function schemeProof(scheme: VerificationScheme): string {
  switch (scheme.scheme) {
    case 'hmac':
      return `HMAC-${hashNames[scheme.hash].replace('SHA-', 'SHA')} in ${placeOf(scheme.signature)}`
    case 'digest':
      return `${hashNames[scheme.hash]} with the secret in ${placeOf(scheme.signature)}`
    case 'signature':
      return `${algorithmName(scheme.algorithm)} in ${placeOf(scheme.signature)}`
    case 'jwt':
      return `JSON Web Token (${scheme.algorithms.join(', ')}) in ${placeOf(scheme.token)}`
    case 'http-signature':
      return `HTTP message signature (${scheme.algorithms.join(', ')})`
    case 'token':
      return `the secret in ${[scheme.header, scheme.bodyPointer, scheme.query].flatMap((place) => (place === undefined ? [] : [`\`${place}\``])).join(' or ')}`
    case 'basic':
      return 'basic authentication'
    case 'none':
      return 'none'
  }
}

/** What the proof covers. */
export function schemeCoverage(scheme: VerificationScheme, eventId: WebhookField | undefined): string {
  if (scheme.scheme === 'jwt') return coveredByClaims(scheme)
  if (scheme.scheme === 'http-signature') return scheme.requires.map((component) => `\`${component}\``).join(', ')
  if (!('message' in scheme)) return 'nothing'
  const parts = scheme.message.flatMap((part) => coveredBy(part, eventId))
  if (scheme.bodyHash !== undefined) parts.push('body')
  const text = [...new Set(parts)].join(', ')
  return scheme.each === undefined ? text : `of each item ${text}`
}

/** What the result of the verifier says at best: `partial` where the body, or a part of it, can be changed. */
export function schemeStrength(scheme: VerificationScheme): string {
  switch (scheme.scheme) {
    case 'hmac':
    case 'digest':
    case 'signature':
      return scheme.bodyHash !== undefined || scheme.message.some(coversBody) ? 'signature' : 'partial'
    case 'jwt':
      return scheme.claims?.bodyHash === undefined ? 'partial' : 'signature'
    case 'http-signature':
      return scheme.requires.includes('content-digest') ? 'signature' : 'partial'
    case 'token':
    case 'basic':
      return 'token'
    case 'none':
      return 'none'
  }
}

function coversBody(part: MessagePart): boolean {
  return part.part === 'body' || part.part === 'sortedForm' || (part.part === 'bodyHash' && part.hash !== 'crc32')
}

function coveredBy(part: MessagePart, eventId: WebhookField | undefined): readonly string[] {
  switch (part.part) {
    case 'literal':
    case 'secret':
      return []
    case 'body':
    case 'sortedForm':
      return ['body']
    case 'bodyHash':
      return [part.hash === 'crc32' ? 'a CRC-32 of the body' : 'body']
    case 'timestamp':
      return ['time']
    case 'id':
    case 'method':
      return [part.part]
    case 'url':
      return ['URL']
    case 'header':
      return [eventId?.from === 'header' && eventId.name === part.name ? 'id' : `\`${part.name}\``]
    case 'headerList':
      return [`the headers that \`${part.listedIn}\` names`]
    case 'query':
      return [`\`${part.name}\` of the URL`]
    case 'field':
      return [`\`${part.pointer.slice(part.pointer.lastIndexOf('/') + 1)}\``]
  }
}

function coveredByClaims({ claims, maxAgeMs }: JwtScheme): string {
  const parts = [
    ...(maxAgeMs === undefined ? [] : ['time']),
    ...(claims?.bodyHash === undefined ? [] : ['body']),
    ...(claims?.urlHash === undefined && claims?.audience === undefined ? [] : ['URL']),
  ]
  return parts.length === 0 ? 'nothing' : parts.join(', ')
}

/** `ecdsa-p256-sha256` as people write it. */
function algorithmName(algorithm: SignatureAlgorithm): string {
  return algorithm === 'ed25519'
    ? 'Ed25519'
    : algorithm
        .toUpperCase()
        .replaceAll('-', ' ')
        .replace(/SHA(\d)/, 'SHA-$1')
}

function placeOf({ name, pointer }: SignatureSource): string {
  return `\`${name ?? pointer}\``
}
