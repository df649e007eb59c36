import { createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type KeyKind, readPublicKey } from '../../../src/verify/keys/public-key.ts'

const pairs = {
  ed25519: generateKeyPairSync('ed25519'),
  p256: generateKeyPairSync('ec', { namedCurve: 'prime256v1' }),
  p384: generateKeyPairSync('ec', { namedCurve: 'secp384r1' }),
  rsa: generateKeyPairSync('rsa', { modulusLength: 2048 }),
}
const kinds = Object.keys(pairs) as KeyKind[]

const spkiOf = (key: KeyObject): Buffer => key.export({ type: 'spki', format: 'der' })
const pemOf = (key: KeyObject): string => key.export({ type: 'spki', format: 'pem' }).toString()

/** The key without what says that it is one. */
function bareOf(kind: KeyKind): Buffer {
  const { publicKey } = pairs[kind]
  if (kind === 'rsa') return publicKey.export({ type: 'pkcs1', format: 'der' })
  return spkiOf(publicKey).subarray(kind === 'ed25519' ? -32 : kind === 'p256' ? -65 : -97)
}

describe.each(kinds)('readPublicKey of %s', (kind) => {
  const { publicKey, privateKey } = pairs[kind]
  const expected = { kind, spki: new Uint8Array(spkiOf(publicKey)) }
  const read = (text: string, encoding?: 'hex' | 'base64', prefix?: string) => {
    const key = readPublicKey(text, { kind, ...(encoding && { encoding }), ...(prefix && { prefix }) })
    return typeof key === 'object' ? { kind: key.kind, spki: new Uint8Array(key.spki) } : key
  }

  test('reads a PEM, also with Windows line ends, as one line, or as an environment variable holds it', () => {
    const pem = pemOf(publicKey)
    const spellings = [
      pem,
      pem.replaceAll('\n', '\r\n'),
      pem.replaceAll('\n', ''),
      pem.replaceAll('\n', '\\n'),
      ` ${pem} `,
    ]
    for (const text of spellings) expect(read(text)).toEqual(expected)
  })

  test('reads no bare key where the provider writes none, but of RSA, which shows what it is', () => {
    const text = bareOf(kind).toString('base64')
    for (const format of ['pem', 'spki'] as const)
      expect(readPublicKey(text, { kind, format })).toEqual(
        kind === 'rsa' ? expect.objectContaining({ kind }) : 'no_key',
      )
  })

  test('reads SubjectPublicKeyInfo and the bare key in base64 and hexadecimal, behind a prefix or not', () => {
    for (const bytes of [spkiOf(publicKey), bareOf(kind)]) {
      for (const encoding of ['base64', 'hex'] as const) {
        expect(read(bytes.toString(encoding), encoding)).toEqual(expected)
        expect(read(`whpk_${bytes.toString(encoding)}`, encoding, 'whpk_')).toEqual(expected)
        expect(read(bytes.toString(encoding), encoding, 'whpk_')).toEqual(expected)
      }
    }
  })

  test('says of a private key that it is one, in every form', () => {
    const pkcs8 = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
    const der = privateKey.export({ type: 'pkcs8', format: 'der' })
    const encrypted = privateKey.export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'x' })
    for (const text of [pkcs8, der.toString('base64'), encrypted.toString()]) expect(read(text)).toBe('private_key')
  })

  test('refuses a key that is cut off or goes on anywhere', () => {
    const spki = spkiOf(publicKey)
    for (let length = 1; length < spki.length; length += 7) {
      expect(read(spki.subarray(0, length).toString('base64'))).toBeTypeOf('string')
    }
    expect(read(Buffer.concat([spki, Buffer.of(0)]).toString('base64'))).toBeTypeOf('string')
  })
})

describe('readPublicKey', () => {
  test('reads a PKCS #1 PEM', () => {
    const pem = pairs.rsa.publicKey.export({ type: 'pkcs1', format: 'pem' }).toString()
    expect(readPublicKey(pem, { kind: 'rsa' })).toMatchObject({ kind: 'rsa' })
  })

  test('says of PKCS #1 and SEC 1 private keys what they are', () => {
    const pkcs1 = pairs.rsa.privateKey.export({ type: 'pkcs1', format: 'der' }).toString('base64')
    const sec1 = pairs.p256.privateKey.export({ type: 'sec1', format: 'der' }).toString('base64')
    expect(readPublicKey(pkcs1, { kind: 'rsa' })).toBe('private_key')
    expect(readPublicKey(sec1, { kind: 'p256' })).toBe('private_key')
  })

  test('says of a key of another kind which it is', () => {
    expect(readPublicKey(pemOf(pairs.p384.publicKey), { kind: 'ed25519' })).toMatchObject({ kind: 'p384' })
  })

  test('refuses a curve that no scheme uses, a compressed point and an RSA-PSS key', () => {
    const x25519 = generateKeyPairSync('x25519').publicKey
    const k256 = generateKeyPairSync('ec', { namedCurve: 'secp256k1' }).publicKey
    for (const key of [x25519, k256]) {
      expect(readPublicKey(pemOf(key), { kind: 'p256' })).toBe('unsupported_key')
    }
    const spki = spkiOf(pairs.p256.publicKey)
    spki[spki.length - 65] = 2
    expect(readPublicKey(spki.toString('base64'), { kind: 'p256' })).toBe('unsupported_key')
    const pss = generateKeyPairSync('rsa-pss', { modulusLength: 2048 }).publicKey
    expect(readPublicKey(pemOf(pss), { kind: 'rsa' })).toBe('unsupported_key')
  })

  test.each(['p256', 'p384'] as const)('refuses a point that is not on the curve, as node:crypto does: %s', (kind) => {
    const spki = spkiOf(pairs[kind].publicKey)
    spki[spki.length - 1] = (spki.at(-1) ?? 0) ^ 1
    expect(readPublicKey(spki.toString('base64'), { kind })).toBe('off_curve')
    expect(() => createPublicKey({ key: spki, type: 'spki', format: 'der' })).toThrow()
  })

  test('refuses an RSA key that is too short', () => {
    const { publicKey } = generateKeyPairSync('rsa', { modulusLength: 1024 })
    expect(readPublicKey(pemOf(publicKey), { kind: 'rsa' })).toBe('rsa_size')
  })

  test('takes the smallest and the largest size of RSA', () => {
    const modulus = (bits: number): Buffer => Buffer.concat([Buffer.of(0), Buffer.alloc(bits / 8, 0xff)])
    const pkcs1 = (bits: number): string => {
      const number = (bytes: Buffer): Buffer => {
        const length = Buffer.alloc(2)
        length.writeUInt16BE(bytes.length)
        return Buffer.concat([Buffer.of(2, 0x82), length, bytes])
      }
      const body = Buffer.concat([number(modulus(bits)), Buffer.of(2, 3, 1, 0, 1)])
      const length = Buffer.alloc(2)
      length.writeUInt16BE(body.length)
      return Buffer.concat([Buffer.of(0x30, 0x82), length, body]).toString('base64')
    }
    expect(readPublicKey(pkcs1(2048), { kind: 'rsa' })).toMatchObject({ kind: 'rsa' })
    expect(readPublicKey(pkcs1(8192), { kind: 'rsa' })).toMatchObject({ kind: 'rsa' })
    expect(readPublicKey(pkcs1(2040), { kind: 'rsa' })).toBe('rsa_size')
    expect(readPublicKey(pkcs1(8200), { kind: 'rsa' })).toBe('rsa_size')
  })

  test('says of a certificate that it is one', () => {
    const text = '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----'
    expect(readPublicKey(text, { kind: 'rsa' })).toBe('certificate')
  })

  test.each(['', 'hello', 'a secret with blanks', '-----BEGIN PUBLIC KEY-----', '====', 'AAAA', 'ff'.repeat(31)])(
    'takes %j for no key',
    (text) => {
      for (const kind of kinds) expect(readPublicKey(text, { kind, encoding: 'hex' })).toBe('no_key')
    },
  )

  test('never throws, whatever the bytes', () => {
    const spki = spkiOf(pairs.rsa.publicKey)
    fc.assert(
      fc.property(
        fc.oneof(
          fc.uint8Array({ maxLength: 120 }),
          fc
            .tuple(fc.nat(spki.length - 1), fc.nat(255))
            .map(([at, byte]) => Buffer.concat([spki.subarray(0, at), Buffer.of(byte), spki.subarray(at + 1)])),
        ),
        fc.constantFrom(...kinds),
        (bytes, kind) => void readPublicKey(Buffer.from(bytes).toString('base64'), { kind }),
      ),
      { numRuns: 2_000 },
    )
  })
})
