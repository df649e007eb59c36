import { decodeBase64, decodeHex } from '../encoding.ts'
import { derTags, readDer, readDerUnsigned, readWholeDer, writeDer } from './der.ts'

/** Kinds of public keys that verify signatures. */
export type KeyKind = 'ed25519' | 'p256' | 'p384' | 'rsa'

/** A public key whose form was checked, as SubjectPublicKeyInfo (RFC 5280 section 4.1), which every platform imports. */
export interface PublicKey {
  readonly kind: KeyKind
  readonly spki: Uint8Array
  /** Length of the modulus of an RSA key. */
  readonly modulusBytes?: number
}

/** What a text is instead of a public key. */
export type KeyFlaw =
  | 'no_key'
  | 'private_key'
  | 'certificate'
  /** A key of a kind that none of our schemes uses, or in a form that only some platforms import. */
  | 'unsupported_key'
  | 'off_curve'
  | 'rsa_size'

/** How a key is written. PEM and SubjectPublicKeyInfo in `encoding` are read whatever the provider writes. */
export interface KeyText {
  readonly encoding?: 'base64' | 'hex'
  /** Stripped when it is there, for example `whpk_`. */
  readonly prefix?: string
  /** Kind of a bare key, which does not say it itself. */
  readonly kind: KeyKind
  /** A bare key is only read where the provider writes `raw` ones: any 32 bytes are one of Ed25519, a shared secret too. Default: `raw`. */
  readonly format?: 'pem' | 'spki' | 'raw'
}

// Keys that are too weak for anybody to be using, and keys whose verification would cost an attacker's choice of time.
const RSA_MIN_BITS = 2048
const RSA_MAX_BITS = 8192

/**
 * Reads a public key: PEM (`PUBLIC KEY` or `RSA PUBLIC KEY`, line breaks also as `\n` in an environment variable, or none),
 * SubjectPublicKeyInfo, or bare: the 32 bytes of Ed25519, the uncompressed point of a curve, PKCS #1 of RSA.
 */
export function readPublicKey(
  text: string,
  { encoding = 'base64', prefix = '', kind, format = 'raw' }: KeyText,
): PublicKey | KeyFlaw {
  const trimmed = text.replaceAll('\\n', '\n').trim()
  if (trimmed.startsWith('-----')) return readPem(trimmed)
  const body = prefix !== '' && trimmed.startsWith(prefix) ? trimmed.slice(prefix.length) : trimmed
  const bytes = encoding === 'hex' ? decodeHex(body) : decodeBase64(body)
  if (bytes === undefined || bytes.length === 0) return 'no_key'
  const spki = readWholeDer(bytes, derTags.sequence)
  // A point starts with 0x04 and 32 bytes of Ed25519 are shorter than any sequence that holds a key.
  if (spki !== undefined && bytes.length > 32) return kind === 'rsa' && isPkcs1(spki) ? rsaKey(bytes) : readSpki(bytes)
  return format === 'raw' ? readBare(bytes, kind) : 'no_key'
}

/** Reads a SubjectPublicKeyInfo. */
export function readSpki(spki: Uint8Array): PublicKey | KeyFlaw {
  for (const { kind, head, keyBytes } of fixedKinds) {
    if (!startsWith(spki, head)) continue
    if (spki.length !== head.length + keyBytes) return 'unsupported_key'
    return checkedPoint(kind, spki, spki.subarray(head.length))
  }
  const sequence = readWholeDer(spki, derTags.sequence)
  if (sequence !== undefined && isPrivateKey(sequence)) return 'private_key'
  const algorithm = sequence && readDer(sequence, derTags.sequence)
  if (algorithm === undefined) return 'no_key'
  if (!equal(algorithm.content, rsaAlgorithm)) return 'unsupported_key'
  const bits = readWholeDer(algorithm.rest, derTags.bitString)
  return bits?.[0] === 0 ? rsaKey(bits.subarray(1)) : 'no_key'
}

function readPem(text: string): PublicKey | KeyFlaw {
  const match = /^-----BEGIN ([A-Z0-9 ]+)-----([A-Za-z0-9+/=\s]+)-----END ([A-Z0-9 ]+)-----$/.exec(text)
  const [, label, body = '', end] = match ?? []
  if (label?.endsWith('PRIVATE KEY') || text.startsWith('-----BEGIN ENCRYPTED')) return 'private_key'
  if (label === 'CERTIFICATE') return 'certificate'
  const bytes = label === end ? decodeBase64(body.replaceAll(/\s/g, '')) : undefined
  if (bytes === undefined) return 'no_key'
  if (label === 'PUBLIC KEY') return readSpki(bytes)
  return label === 'RSA PUBLIC KEY' ? rsaKey(bytes) : 'no_key'
}

function readBare(bytes: Uint8Array, kind: KeyKind): PublicKey | KeyFlaw {
  const form = fixedKinds.find((candidate) => candidate.kind === kind)
  if (form?.keyBytes !== bytes.length) return 'no_key'
  return checkedPoint(kind, concat(form.head, bytes), bytes)
}

function checkedPoint(kind: KeyKind, spki: Uint8Array, key: Uint8Array): PublicKey | KeyFlaw {
  const curve = kind === 'p256' || kind === 'p384' ? curves[kind] : undefined
  if (curve === undefined) return { kind, spki }
  if (key[0] !== 4) return 'unsupported_key'
  return isOnCurve(key.subarray(1), curve) ? { kind, spki } : 'off_curve'
}

/** An RSA key from its PKCS #1 form (RFC 8017 appendix A.1.1). */
function rsaKey(pkcs1: Uint8Array): PublicKey | KeyFlaw {
  const sequence = readWholeDer(pkcs1, derTags.sequence)
  const modulus = sequence && readDerUnsigned(sequence)
  const exponent = modulus && readDerUnsigned(modulus.rest)
  if (modulus === undefined || exponent === undefined || exponent.rest.length > 0) {
    return sequence !== undefined && isPrivateKey(sequence) ? 'private_key' : 'no_key'
  }
  const bits = 8 * modulus.value.length - Math.clz32(modulus.value[0] ?? 0) + 24
  if (bits < RSA_MIN_BITS || bits > RSA_MAX_BITS) return 'rsa_size'
  const odd = (modulus.value.at(-1) ?? 0) & (exponent.value.at(-1) ?? 0) & 1
  if (odd === 0 || (exponent.value.length === 1 && exponent.value[0] === 1)) return 'no_key'
  const content = [writeDer(derTags.sequence, rsaAlgorithm), writeDer(derTags.bitString, Uint8Array.of(0), pkcs1)]
  return { kind: 'rsa', spki: writeDer(derTags.sequence, ...content), modulusBytes: modulus.value.length }
}

/** PKCS #1 begins with the modulus, SubjectPublicKeyInfo with a sequence. */
function isPkcs1(sequence: Uint8Array): boolean {
  return sequence[0] === derTags.integer
}

/** All forms of private keys (PKCS #1, PKCS #8, SEC 1) begin with a version of one byte. */
function isPrivateKey(sequence: Uint8Array): boolean {
  return sequence[0] === derTags.integer && sequence[1] === 1
}

/** Kinds whose SubjectPublicKeyInfo is a fixed head and then the key. */
const fixedKinds: readonly { readonly kind: KeyKind; readonly head: Uint8Array; readonly keyBytes: number }[] = [
  { kind: 'ed25519', head: hex('302a300506032b6570032100'), keyBytes: 32 },
  { kind: 'p256', head: hex('3059301306072a8648ce3d020106082a8648ce3d030107034200'), keyBytes: 65 },
  { kind: 'p384', head: hex('3076301006072a8648ce3d020106052b81040022036200'), keyBytes: 97 },
]

// rsaEncryption with the NULL that RFC 3279 demands.
const rsaAlgorithm = hex('06092a864886f70d0101010500')

interface Curve {
  readonly prime: bigint
  readonly b: bigint
}

/** The curves y² = x³ - 3x + b of FIPS 186-4 appendix D.1.2. */
const curves: Readonly<Record<'p256' | 'p384', Curve>> = {
  p256: {
    prime: 2n ** 256n - 2n ** 224n + 2n ** 192n + 2n ** 96n - 1n,
    b: 0x5ac635d8_aa3a93e7_b3ebbd55_769886bc_651d06b0_cc53b0f6_3bce3c3e_27d2604bn,
  },
  p384: {
    prime: 2n ** 384n - 2n ** 128n - 2n ** 96n + 2n ** 32n - 1n,
    b: 0xb3312fa7_e23ee7e4_988e056b_e3f82d19_181d9c6e_fe814112_0314088f_5013875a_c656398d_8a2ed19d_2a85c8ed_d3ec2aefn,
  },
}

/** Checked here because WebCrypto would only say it at the first message. */
function isOnCurve(point: Uint8Array, { prime, b }: Curve): boolean {
  const half = point.length / 2
  const x = toBigInt(point.subarray(0, half))
  const y = toBigInt(point.subarray(half))
  return x < prime && y < prime && (y * y - (x * x * x - 3n * x + b)) % prime === 0n
}

function toBigInt(bytes: Uint8Array): bigint {
  let value = 0n
  for (const byte of bytes) value = (value << 8n) | BigInt(byte)
  return value
}

function hex(text: string): Uint8Array {
  return decodeHex(text) as Uint8Array
}

function concat(left: Uint8Array, right: Uint8Array): Uint8Array {
  const joined = new Uint8Array(left.length + right.length)
  joined.set(left)
  joined.set(right, left.length)
  return joined
}

function startsWith(bytes: Uint8Array, head: Uint8Array): boolean {
  return head.every((byte, index) => bytes[index] === byte)
}

function equal(left: Uint8Array, right: Uint8Array): boolean {
  return left.length === right.length && startsWith(left, right)
}
