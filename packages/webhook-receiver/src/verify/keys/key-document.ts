import { type FetchedKey, readPointer } from '@holdfast/core'
import { decodeBase64 } from '../encoding.ts'
import { loadJose } from '../jwt/load-jose.ts'
import type { MaybePromise } from '../maybe-promise.ts'
import { readCertificate } from './certificate.ts'
import type { DocumentKey } from './document-key.ts'
import { type KeyKind, type PublicKey, readPublicKey, readSpki } from './public-key.ts'

/**
 * Reads the keys in a document; those that are for something else, or of a kind that we do not know, are left out.
 *
 * @throws Error when the document is not what the connector says.
 */
export function readKeyDocument(
  text: string,
  source: FetchedKey,
  trustedCertificates: readonly string[] | undefined,
): MaybePromise<readonly DocumentKey[]> {
  if (source.kind === 'x509') return readCertificate(text, source.certificateNames, trustedCertificates)
  if (source.kind === 'pem') return [pemKey(source.pointer === undefined ? text : valueAt(text, source.pointer))]
  const value: unknown = JSON.parse(text)
  const found = source.pointer === undefined ? value : readPointer(value, source.pointer)
  const jwks: unknown = source.kind === 'jwk' ? [found] : (found as { readonly keys?: unknown } | null)?.keys
  if (!Array.isArray(jwks)) throw new Error('The document is no JSON Web Key Set.')
  return readJwks(jwks)
}

function valueAt(text: string, pointer: string): string {
  const value = readPointer(JSON.parse(text), pointer)
  if (typeof value === 'string') return value
  throw new Error('The document holds no key where the connector says.')
}

function pemKey(text: string): PublicKey {
  const key = readPublicKey(text, { kind: 'rsa' })
  if (typeof key === 'object') return key
  throw new Error(`The document is no public key (${key}).`)
}

async function readJwks(jwks: readonly unknown[]): Promise<readonly DocumentKey[]> {
  const keys = await Promise.all(jwks.slice(0, MAX_KEYS).map((jwk) => readJwk(jwk)))
  return keys.filter((key) => key !== undefined)
}

// Far more than anybody publishes.
const MAX_KEYS = 100

/** A JSON Web Key (RFC 7517) for verifying signatures. */
interface Jwk {
  readonly kty: string
  readonly crv?: string
  readonly kid?: unknown
  readonly use?: unknown
  readonly key_ops?: unknown
  readonly alg?: unknown
  readonly created_at?: unknown
  readonly expired_at?: unknown
}

async function readJwk(value: unknown): Promise<DocumentKey | undefined> {
  if (typeof value !== 'object' || value === null) return undefined
  const jwk = value as Jwk
  const kind = kindOf(jwk)
  const verifies =
    (jwk.use === undefined || jwk.use === 'sig') &&
    (jwk.key_ops === undefined || (Array.isArray(jwk.key_ops) && jwk.key_ops.includes('verify')))
  if (kind === undefined || !verifies) return undefined
  const { importJWK, exportSPKI } = await loadJose()
  // Only the public members: a set that shows private ones must not make us hold them.
  const { kty, crv, x, y, n, e } = value as Readonly<Record<string, string>>
  const members = { kty, crv, x, y, n, e }
  const publicJwk = Object.fromEntries(Object.entries(members).filter(([, member]) => member !== undefined))
  let spki: PublicKey | string
  try {
    const imported = await importJWK({ ...publicJwk, ext: true } as Parameters<typeof importJWK>[0], joseNames[kind])
    if (imported instanceof Uint8Array) return undefined
    spki = readSpki(bytesOfPem(await exportSPKI(imported)))
  } catch {
    // One that cannot be read must not take the others with it.
    return undefined
  }
  if (typeof spki === 'string') return undefined
  const expired = typeof jwk.expired_at === 'number' ? 1000 * jwk.expired_at : undefined
  return {
    ...spki,
    ...(typeof jwk.kid === 'string' && { id: jwk.kid }),
    ...(typeof jwk.alg === 'string' && { algorithm: jwk.alg }),
    ...(expired !== undefined && { notAfter: expired }),
  }
}

function kindOf({ kty, crv }: Jwk): KeyKind | undefined {
  if (kty === 'RSA') return 'rsa'
  if (kty === 'OKP') return crv === 'Ed25519' ? 'ed25519' : undefined
  return kty === 'EC' ? (crv === 'P-256' ? 'p256' : crv === 'P-384' ? 'p384' : undefined) : undefined
}

// Any algorithm of the kind: what is exported again does not depend on it.
const joseNames: Readonly<Record<KeyKind, string>> = Object.freeze({
  ed25519: 'EdDSA',
  p256: 'ES256',
  p384: 'ES384',
  rsa: 'RS256',
})

function bytesOfPem(pem: string): Uint8Array {
  return decodeBase64(pem.replaceAll(/-----[A-Z ]+-----|\s/g, '')) ?? new Uint8Array(0)
}
