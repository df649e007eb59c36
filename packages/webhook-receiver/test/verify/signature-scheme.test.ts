import { constants, generateKeyPairSync, type KeyObject, sign } from 'node:crypto'
import { InvalidOptionsError, type SignatureAlgorithm, type SignatureScheme } from '@holdfast/core'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { HeaderPairs } from '../../src/buffer/event-buffer.ts'
import type { KeyKind } from '../../src/verify/keys/public-key.ts'
import { nodeHashes } from '../../src/verify/node-hashes.ts'
import { nodeSignatures } from '../../src/verify/node-signatures.ts'
import { signatureAlgorithms } from '../../src/verify/signature-provider.ts'
import type { VerifiableRequest } from '../../src/verify/verifiable-request.ts'
import { compileVerifier, createVerifier, type VerifierOptions } from '../../src/verify/verifier.ts'
import { webHashes } from '../../src/verify/web-hashes.ts'
import { webSignatures } from '../../src/verify/web-signatures.ts'
import { leaf } from './keys/certificates.ts'
import { connectorOf } from './sample-connectors.ts'

const NOW_S = 1_764_000_000
const pairs: Readonly<Record<KeyKind, { publicKey: KeyObject; privateKey: KeyObject }>> = {
  ed25519: generateKeyPairSync('ed25519'),
  p256: generateKeyPairSync('ec', { namedCurve: 'prime256v1' }),
  p384: generateKeyPairSync('ec', { namedCurve: 'secp384r1' }),
  rsa: generateKeyPairSync('rsa', { modulusLength: 2048 }),
}
const pemOf = (key: KeyObject): string => key.export({ type: 'spki', format: 'pem' }).toString()
const bytes = (text: string): Uint8Array => new Uint8Array(Buffer.from(text))

const base: SignatureScheme = {
  scheme: 'signature',
  algorithm: 'ed25519',
  encoding: 'base64',
  key: { from: 'secret', format: 'pem' },
  signature: { from: 'header', name: 'x-signature' },
  message: [{ part: 'timestamp' }, { part: 'literal', value: '.' }, { part: 'body' }],
  timestamp: { from: 'header', name: 'x-time', format: 'epoch_s', toleranceMs: 300_000 },
}

function signed(algorithm: SignatureAlgorithm, message: Uint8Array, form: 'der' | 'raw', key?: KeyObject): Buffer {
  const { kind, hash, padding } = signatureAlgorithms[algorithm]
  return sign(hash, message, {
    key: key ?? pairs[kind].privateKey,
    dsaEncoding: form === 'raw' ? 'ieee-p1363' : 'der',
    ...(padding === 'pss' && {
      padding: constants.RSA_PKCS1_PSS_PADDING,
      saltLength: constants.RSA_PSS_SALTLEN_DIGEST,
    }),
  })
}

function requestOf(signature: string, body: Uint8Array, headers: HeaderPairs = []): VerifiableRequest {
  return {
    headers: [['X-Time', String(NOW_S)], ['X-Signature', signature], ...headers],
    body,
    receivedAt: NOW_S * 1000,
  }
}

const platforms = [
  ['node:crypto', { hashes: nodeHashes()!, signatures: nodeSignatures()! }],
  ['WebCrypto', { hashes: webHashes(), signatures: webSignatures() }],
] as const

const cases = (Object.keys(signatureAlgorithms) as SignatureAlgorithm[]).flatMap((algorithm) =>
  algorithm.startsWith('ecdsa')
    ? ([
        [algorithm, 'der'],
        [algorithm, 'raw'],
      ] as const)
    : ([[algorithm, 'der']] as const),
)

describe.each(platforms)('signatureScheme on %s', (_name, { hashes, signatures }) => {
  describe.each(cases)('%s, %s', (algorithm, form) => {
    const { kind } = signatureAlgorithms[algorithm]
    const scheme: SignatureScheme = { ...base, algorithm, ...(algorithm.startsWith('ecdsa') && { form }) }
    const { publicKey } = pairs[kind]
    const verifier = compileVerifier('', { connector: connectorOf([scheme]), secrets: [pemOf(publicKey)] }, hashes, {
      signatures,
    })
    const message = (body: Uint8Array): Uint8Array => Buffer.concat([bytes(`${NOW_S}.`), body])

    test.each([
      ['an empty body', bytes('')],
      ['replacement patterns', bytes('{"note":"$& $$ $1"}')],
      ['invalid UTF-8', new Uint8Array([0x7b, 0xff, 0xfe, 0xc0, 0x80, 0x7d])],
      ['a byte order mark and CRLF', bytes('\ufeff{"a":1}\r\n')],
    ])('verifies %s', async (_title, body) => {
      const signature = signed(algorithm, message(body), form).toString('base64')
      expect(await verifier.verify(requestOf(signature, body))).toEqual({
        ok: true,
        scheme: 'signature',
        bound: ['timestamp', 'body'],
        strength: 'signature',
        keyIndex: 0,
      })
      expect(await verifier.verify(requestOf(signature.replaceAll('=', ''), body))).toMatchObject({ ok: true })
    })

    test('refuses a wrong bit in the signature, and another body, time and key', async () => {
      const body = bytes('{"amount":100}')
      const signature = signed(algorithm, message(body), form)
      for (let index = 0; index < signature.length; index += 3) {
        const wrong = Buffer.from(signature)
        wrong[index] = (wrong[index] ?? 0) ^ 1
        expect(await verifier.verify(requestOf(wrong.toString('base64'), body))).toMatchObject({ ok: false })
      }
      const text = signature.toString('base64')
      expect(await verifier.verify(requestOf(text, bytes('{"amount":101}')))).toMatchObject({ reason: 'mismatch' })
      const later: HeaderPairs = [
        ['x-time', String(NOW_S + 1)],
        ['x-signature', text],
      ]
      expect(await verifier.verify({ headers: later, body, receivedAt: NOW_S * 1000 })).toMatchObject({
        reason: 'mismatch',
      })
      const other = kind === 'rsa' ? generateKeyPairSync('rsa', { modulusLength: 2048 }) : otherPair(kind)
      const stranger = signed(algorithm, message(body), form, other.privateKey).toString('base64')
      expect(await verifier.verify(requestOf(stranger, body))).toMatchObject({ reason: 'mismatch' })
    })

    test.each(['', 'AAAA', '====', 'not base64!', 'A'.repeat(2_000)])(
      'refuses the signature %j without throwing',
      async (signature) => {
        expect(await verifier.verify(requestOf(signature, bytes('{}')))).toMatchObject({
          ok: false,
          code: 'signature_invalid',
        })
      },
    )
  })

  test('finds the fitting one of several keys and signatures in any order', async () => {
    const [first, second] = [otherPair('ed25519'), otherPair('ed25519')]
    const scheme: SignatureScheme = {
      ...base,
      signature: { ...base.signature, format: { kind: 'taggedList', separator: ' ', tagSeparator: ',', tag: 'v1a' } },
    }
    const body = bytes('{}')
    const signatureOf = (key: KeyObject): string =>
      `v1a,${signed('ed25519', bytes(`${NOW_S}.{}`), 'der', key).toString('base64')}`
    for (const order of [
      [first, second],
      [second, first],
    ]) {
      const secrets = order.map(({ publicKey }) => pemOf(publicKey))
      const verifier = compileVerifier('', { connector: connectorOf([scheme]), secrets }, hashes, { signatures })
      const stranger = signatureOf(otherPair('ed25519').privateKey)
      for (const header of [
        `${signatureOf(second.privateKey)} ${stranger}`,
        `${stranger} ${signatureOf(second.privateKey)}`,
      ]) {
        expect(await verifier.verify(requestOf(header, body))).toMatchObject({
          ok: true,
          keyIndex: order.indexOf(second),
        })
      }
    }
  })
})

describe('signatureScheme', () => {
  const body = bytes('{"a":1}')
  const signature = signed('ed25519', bytes(`${NOW_S}.{"a":1}`), 'der').toString('base64')
  const verify = (
    request: VerifiableRequest,
    own: Partial<SignatureScheme> = {},
    options: Partial<VerifierOptions> = {},
  ) =>
    createVerifier({
      connector: connectorOf([{ ...base, ...own }]),
      secrets: [pemOf(pairs.ed25519.publicKey)],
      ...options,
    }).verify(request)

  test('answers at once where the platform can', () => {
    expect(verify(requestOf(signature, body))).not.toBeInstanceOf(Promise)
  })

  test.each([
    [-300_001, 'future_timestamp'],
    [300_001, 'stale_timestamp'],
  ])('refuses what arrived %i ms after it was signed', async (ms, reason) => {
    const request = { ...requestOf(signature, body), receivedAt: NOW_S * 1000 + ms }
    expect(await verify(request)).toEqual({ ok: false, code: 'timestamp_stale', reason })
  })

  test('takes hexadecimal of either case', async () => {
    for (const text of [
      Buffer.from(signature, 'base64').toString('hex'),
      Buffer.from(signature, 'base64').toString('hex').toUpperCase(),
    ]) {
      expect(await verify(requestOf(text, body), { encoding: 'hex' })).toMatchObject({ ok: true })
    }
  })

  test('takes a key with an id, in its time', async () => {
    const value = pemOf(pairs.ed25519.publicKey)
    const secrets = [{ value, id: '2026', notAfter: NOW_S * 1000 + 1 }]
    expect(await verify(requestOf(signature, body), {}, { secrets })).toMatchObject({ ok: true, keyId: '2026' })
    const over = [{ value, notAfter: NOW_S * 1000 }]
    expect(await verify(requestOf(signature, body), {}, { secrets: over })).toMatchObject({ reason: 'mismatch' })
  })

  test.each([
    ['another kind of key', pemOf(pairs.p256.publicKey), 'a P-256 public key'],
    [
      'a private key',
      pairs.ed25519.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
      'only its public half',
    ],
    ['a certificate', leaf, 'take the public key out of it'],
    ['any text', 'not-a-key-but-something', 'of another form'],
  ])('refuses %s at construction, with the index and without showing it', (_title, secret, received) => {
    const create = (): unknown =>
      verify(requestOf(signature, body), {}, { secrets: [pemOf(pairs.ed25519.publicKey), secret] })
    expect(create).toThrow(InvalidOptionsError)
    expect(create).toThrow('`secrets[1]` to be an Ed25519 public key (PEM)')
    expect(create).toThrow(received)
    for (const piece of [secret.slice(30, 50), secret.slice(0, 24)].filter((text) => /^[^-]/.test(text))) {
      expect(create).not.toThrow(piece)
    }
  })

  describe('beside a scheme with a shared secret', () => {
    const listed = (tag: string) =>
      ({ ...base.signature, format: { kind: 'taggedList', separator: ' ', tagSeparator: ',', tag } }) as const
    const asymmetric: SignatureScheme = {
      ...base,
      select: [{ from: 'header', name: 'x-signature', matches: 'v1a,' }],
      key: { from: 'secret', format: 'raw', prefix: 'whpk_' },
      signature: listed('v1a'),
    }
    const connector = connectorOf([
      asymmetric,
      {
        scheme: 'hmac',
        hash: 'sha256',
        encoding: 'base64',
        secret: { encoding: 'base64', prefix: 'whsec_' },
        signature: listed('v1'),
        message: base.message,
        timestamp: base.timestamp!,
      },
    ])
    const raw = pairs.ed25519.publicKey.export({ type: 'spki', format: 'der' }).subarray(-32).toString('base64')

    test('verifies each with what is for it', async () => {
      const { createHmac } = await import('node:crypto')
      const shared = Buffer.alloc(32, 7)
      const verifier = createVerifier({ connector, secrets: [`whpk_${raw}`, `whsec_${shared.toString('base64')}`] })
      const mac = createHmac('sha256', shared).update(`${NOW_S}.{"a":1}`).digest('base64')
      expect(await verifier.verify(requestOf(`v1a,${signature}`, body))).toMatchObject({
        ok: true,
        scheme: 'signature',
        keyIndex: 0,
      })
      expect(await verifier.verify(requestOf(`v1,${mac}`, body))).toMatchObject({
        ok: true,
        scheme: 'hmac',
        keyIndex: 1,
      })
      expect(await verifier.verify(requestOf(`v1,${mac} v1a,${signature}`, body))).toMatchObject({
        ok: true,
        scheme: 'signature',
      })
      const sharedOnly = createVerifier({ connector, secrets: [`whsec_${shared.toString('base64')}`] })
      expect(await sharedOnly.verify(requestOf(`v1a,${signature} v1,${mac}`, body))).toMatchObject({
        ok: true,
        scheme: 'hmac',
      })
    })

    test.each([
      ['with its prefix', `whpk_${raw}`],
      ['as PEM', pemOf(pairs.ed25519.publicKey)],
      ['as SubjectPublicKeyInfo', pairs.ed25519.publicKey.export({ type: 'spki', format: 'der' }).toString('base64')],
    ])('never takes a public key for a shared secret: %s', async (_title, secret) => {
      const { createHmac } = await import('node:crypto')
      const verifier = createVerifier({ connector, secrets: [secret] })
      for (const key of [Buffer.from(raw, 'base64'), Buffer.from(secret, 'base64'), Buffer.from(secret)]) {
        const forged = createHmac('sha256', key).update(`${NOW_S}.{"a":1}`).digest('base64')
        expect(await verifier.verify(requestOf(`v1,${forged}`, body))).toMatchObject({ ok: false })
      }
    })

    test('asks what a text is that could be either', () => {
      expect(() => createVerifier({ connector, secrets: [raw] })).toThrow(/could be either.*prefix/)
      expect(() => createVerifier({ connector, secrets: [{ value: raw, scheme: 'signature' }] })).not.toThrow()
      expect(() => createVerifier({ connector, secrets: [{ value: raw, scheme: 'hmac' }] })).not.toThrow()
    })
  })

  test('never throws and never accepts, whatever the header', async () => {
    const ecdsa: SignatureScheme = { ...base, algorithm: 'ecdsa-p256-sha256' }
    const verifiers = [
      createVerifier({ connector: connectorOf([ecdsa]), secrets: [pemOf(pairs.p256.publicKey)] }),
      createVerifier({ connector: connectorOf([base]), secrets: [pemOf(pairs.ed25519.publicKey)] }),
      createVerifier({
        connector: connectorOf([{ ...base, algorithm: 'rsa-sha256' }]),
        secrets: [pemOf(pairs.rsa.publicKey)],
      }),
    ]
    await fc.assert(
      fc.asyncProperty(
        fc.oneof(
          fc.string(),
          fc.uint8Array({ maxLength: 300 }).map((own) => Buffer.from(own).toString('base64')),
        ),
        async (text) => {
          for (const verifier of verifiers)
            expect(await verifier.verify(requestOf(text, body))).toMatchObject({ ok: false })
        },
      ),
      { numRuns: 1_000 },
    )
  })
})

function otherPair(kind: Exclude<KeyKind, 'rsa'>): { publicKey: KeyObject; privateKey: KeyObject } {
  if (kind === 'ed25519') return generateKeyPairSync('ed25519')
  return generateKeyPairSync('ec', { namedCurve: kind === 'p256' ? 'prime256v1' : 'secp384r1' })
}
