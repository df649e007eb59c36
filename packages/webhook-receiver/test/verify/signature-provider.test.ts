import * as nodeCrypto from 'node:crypto'
import { constants, generateKeyPairSync, type KeyObject, sign } from 'node:crypto'
import type { SignatureAlgorithm } from '@holdfast/core'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { type KeyKind, type PublicKey, readSpki } from '../../src/verify/keys/public-key.ts'
import { nodeSignatures } from '../../src/verify/node-signatures.ts'
import { type SignatureProvider, signatureAlgorithms } from '../../src/verify/signature-provider.ts'
import { webSignatures } from '../../src/verify/web-signatures.ts'

const pairs: Readonly<Record<KeyKind, { publicKey: KeyObject; privateKey: KeyObject }>> = {
  ed25519: generateKeyPairSync('ed25519'),
  p256: generateKeyPairSync('ec', { namedCurve: 'prime256v1' }),
  p384: generateKeyPairSync('ec', { namedCurve: 'secp384r1' }),
  rsa: generateKeyPairSync('rsa', { modulusLength: 2048 }),
}

function publicKeyOf(kind: KeyKind): PublicKey {
  return readSpki(pairs[kind].publicKey.export({ type: 'spki', format: 'der' })) as PublicKey
}

function signed(algorithm: SignatureAlgorithm, message: Uint8Array, saltLength?: number): Uint8Array {
  const { kind, hash, padding } = signatureAlgorithms[algorithm]
  return sign(hash, message, {
    key: pairs[kind].privateKey,
    dsaEncoding: 'ieee-p1363',
    ...(padding === 'pss' && {
      padding: constants.RSA_PKCS1_PSS_PADDING,
      saltLength: saltLength ?? constants.RSA_PSS_SALTLEN_DIGEST,
    }),
  })
}

const providers: readonly (readonly [string, SignatureProvider])[] = [
  ['node:crypto', nodeSignatures() as SignatureProvider],
  ['WebCrypto', webSignatures()],
]
const algorithms = Object.keys(signatureAlgorithms) as SignatureAlgorithm[]

describe.each(providers)('signatures on %s', (_name, provider) => {
  describe.each(algorithms)('%s', (algorithm) => {
    const { kind, signatureBytes } = signatureAlgorithms[algorithm]
    const verify = provider.importKey(algorithm, publicKeyOf(kind))
    const message = new TextEncoder().encode('id.1.{"a":"ü"}')
    const pieces = ['id.1.', message.subarray(5)]

    test('takes a signature over pieces that are text and bytes', async () => {
      const signature = signed(algorithm, message)
      if (signatureBytes !== undefined) expect(signature).toHaveLength(signatureBytes)
      expect(await verify(signature, pieces)).toBe(true)
      expect(await verify(signature, pieces)).toBe(true)
    })

    test('refuses it over another message and with any bit of another byte', async () => {
      const signature = signed(algorithm, message)
      expect(await verify(signature, [...pieces, 'x'])).toBe(false)
      for (let index = 0; index < signature.length; index += 5) {
        const wrong = Uint8Array.from(signature)
        wrong[index] = (wrong[index] ?? 0) ^ 1
        expect(await verify(wrong, pieces)).toBe(false)
      }
    })

    test('refuses another length without throwing', async () => {
      const signature = signed(algorithm, message)
      for (const wrong of [new Uint8Array(0), signature.subarray(1), new Uint8Array(1_000)]) {
        expect(await verify(wrong, pieces)).toBe(false)
      }
    })

    if (kind === 'rsa')
      test('refuses an RSA signature without its leading zero', async () => {
        for (let count = 0; ; count++) {
          const signature = signed(algorithm, Buffer.from(String(count)))
          if (signature[0] !== 0) continue
          expect(await verify(signature, [String(count)])).toBe(true)
          expect(await verify(signature.subarray(1), [String(count)])).toBe(false)
          return
        }
      })

    test('refuses zeros', async () => {
      expect(await verify(new Uint8Array(signatureBytes ?? 256), pieces)).toBe(false)
    })
  })

  test('refuses a salt of another length', async () => {
    const message = new TextEncoder().encode('x')
    const verify = provider.importKey('rsa-pss-sha512', publicKeyOf('rsa'))
    expect(await verify(signed('rsa-pss-sha512', message, 20), ['x'])).toBe(false)
  })
})

test.each(algorithms)('%s is judged at once on node:crypto, without WebCrypto', (algorithm) => {
  const verify = nodeSignatures()?.importKey(algorithm, publicKeyOf(signatureAlgorithms[algorithm].kind))
  expect(verify?.(signed(algorithm, Buffer.from('message')), ['message'])).toBe(true)
})

test('falls back on WebCrypto where node:crypto takes no key object in options, as in workerd', async () => {
  const refusing = {
    createVerify: () => ({
      update: () => undefined,
      verify: () => {
        throw new TypeError('The "options.key" property must be of type string.')
      },
    }),
  }
  const module = { ...nodeCrypto, ...refusing } as unknown as typeof nodeCrypto
  vi.spyOn(process, 'getBuiltinModule').mockReturnValue(module)
  onTestFinished(() => void vi.restoreAllMocks())
  const message = Buffer.from('message')
  for (const algorithm of algorithms) {
    const verify = nodeSignatures()?.importKey(algorithm, publicKeyOf(signatureAlgorithms[algorithm].kind))
    expect(await verify?.(signed(algorithm, message), ['message'])).toBe(true)
    expect(await verify?.(signed(algorithm, message), ['another'])).toBe(false)
  }
})
