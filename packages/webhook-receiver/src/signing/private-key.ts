import { decodeBase64, encodeBase64 } from '../verify/encoding.ts'
import type { KeyKind } from '../verify/keys/public-key.ts'
import type { AlgorithmFacts } from '../verify/signature-provider.ts'
import { webParameters } from '../verify/web-signatures.ts'
import { cannotSign } from './signing-error.ts'

/** A pair of keys for tests. */
export interface KeyPair {
  /** PEM, PKCS #8. */
  readonly privateKey: string
  /** SubjectPublicKeyInfo. */
  readonly spki: Uint8Array<ArrayBuffer>
  /** The public half as a JSON Web Key (RFC 7517): only what the key is, not what it is for. */
  readonly jwk: Readonly<Record<string, string>>
}

type GeneratedPair = Extract<
  Awaited<ReturnType<typeof globalThis.crypto.subtle.generateKey>>,
  { readonly privateKey: unknown }
>

// The least that anybody accepts, for larger ones take long to make.
const RSA_BITS = 2048

/** Makes a pair of keys. */
export async function generateKeyPair(kind: KeyKind): Promise<KeyPair> {
  const { subtle } = globalThis.crypto
  const parameters = {
    ...webParameters({ kind, ...(kind !== 'ed25519' && { hash: 'sha256' }) }),
    ...(kind === 'rsa' && { modulusLength: RSA_BITS, publicExponent: Uint8Array.of(1, 0, 1) }),
  }
  const pair = (await subtle.generateKey(parameters, true, ['sign', 'verify'])) as GeneratedPair
  const [pkcs8, spki, { kty, crv, x, y, n, e }] = await Promise.all([
    subtle.exportKey('pkcs8', pair.privateKey),
    subtle.exportKey('spki', pair.publicKey),
    subtle.exportKey('jwk', pair.publicKey),
  ])
  const members = Object.entries({ kty, crv, x, y, n, e }).filter(([, member]) => member !== undefined)
  return {
    privateKey: writePem('PRIVATE KEY', new Uint8Array(pkcs8)),
    spki: new Uint8Array(spki),
    jwk: Object.fromEntries(members) as Record<string, string>,
  }
}

/**
 * Signs with a private key. ECDSA signatures are `r || s`.
 *
 * @throws InvalidOptionsError when the key is none of the algorithm's kind.
 */
export async function signBytes(
  algorithm: AlgorithmFacts,
  privateKey: string | undefined,
  message: Uint8Array,
): Promise<Uint8Array<ArrayBuffer>> {
  const { subtle } = globalThis.crypto
  const parameters = webParameters(algorithm)
  const pkcs8 = readPrivatePem(privateKey)
  const key = pkcs8 && (await subtle.importKey('pkcs8', pkcs8, parameters, false, ['sign']).catch(() => undefined))
  if (key === undefined) {
    throw cannotSign(
      'key',
      `${kindNames[algorithm.kind]} as PEM (PKCS #8, \`PRIVATE KEY\`), or what \`generateWebhookKey\` made`,
      privateKey === undefined ? 'none' : 'a string of another form',
    )
  }
  return new Uint8Array(await subtle.sign(parameters, key, new Uint8Array(message)))
}

/** Writes PEM (RFC 7468). */
export function writePem(label: string, bytes: Uint8Array): string {
  const lines = encodeBase64(bytes).match(/.{1,64}/g) ?? []
  return [`-----BEGIN ${label}-----`, ...lines, `-----END ${label}-----`, ''].join('\n')
}

/** Whether a text is a private key as PEM, whatever its form. */
export function isPrivatePem(text: string): boolean {
  return /^-----BEGIN [A-Z ]*PRIVATE KEY-----/.test(text.trimStart())
}

function readPrivatePem(text = ''): Uint8Array<ArrayBuffer> | undefined {
  const [, body] =
    /^-----BEGIN PRIVATE KEY-----([A-Za-z0-9+/=\s]+)-----END PRIVATE KEY-----$/.exec(
      text.replaceAll(String.raw`\n`, '\n').trim(),
    ) ?? []
  const bytes = body === undefined ? undefined : decodeBase64(body.replaceAll(/\s/g, ''))
  return bytes && new Uint8Array(bytes)
}

const kindNames: Readonly<Record<KeyKind, string>> = Object.freeze({
  ed25519: 'an Ed25519 private key',
  p256: 'a P-256 private key',
  p384: 'a P-384 private key',
  rsa: 'an RSA private key',
})
