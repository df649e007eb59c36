import { createHash, generateKeyPairSync, sign } from 'node:crypto'
import type { HttpSignatureScheme } from '@holdfast/core'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { HeaderPairs } from '../../../src/buffer/event-buffer.ts'
import type { VerifiableRequest } from '../../../src/verify/verifiable-request.ts'
import { createVerifier, type VerifierOptions } from '../../../src/verify/verifier.ts'
import { connectorOf } from '../sample-connectors.ts'

const { privateKey, publicKey } = generateKeyPairSync('ed25519')
const ownSecrets = [publicKey.export({ type: 'spki', format: 'pem' }).toString()]
const BODY = '{"a":1}'
const digestOf = (name: 'sha256' | 'sha512', body: string): string =>
  `${name.replace('sha', 'sha-')}=:${createHash(name).update(body).digest('base64')}:`
const url = 'https://hooks.example.com/in?x=1'
const CREATED = 1_764_000_000

const strict: HttpSignatureScheme = {
  scheme: 'http-signature',
  algorithms: ['ed25519'],
  requires: ['@method', '@target-uri', 'content-digest'],
  toleranceMs: 300_000,
  key: { from: 'secret', format: 'pem' },
}

/** Signs the lines that the test gives, so that no code of ours says what is signed. */
function signedRequest(
  lines: readonly string[],
  parameters = `;created=${CREATED}`,
  headers: HeaderPairs = [['content-digest', digestOf('sha256', BODY)]],
  label = 'sig1',
): VerifiableRequest {
  const components = lines.map((line) => line.slice(0, line.indexOf(': '))).join(' ')
  const input = `(${components})${parameters}`
  const base = [...lines, `"@signature-params": ${input}`].join('\n')
  const signature = sign(null, Buffer.from(base, 'latin1'), privateKey).toString('base64')
  return {
    method: 'POST',
    url,
    headers: [...headers, ['Signature-Input', `${label}=${input}`], ['Signature', `${label}=:${signature}:`]],
    body: Buffer.from(BODY),
    receivedAt: CREATED * 1000,
  }
}

const lines = ['"@method": POST', `"@target-uri": ${url}`, `"content-digest": ${digestOf('sha256', BODY)}`]
const good = signedRequest(lines)
const verify = (request: VerifiableRequest, scheme: HttpSignatureScheme = strict, own: Partial<VerifierOptions> = {}) =>
  createVerifier({ connector: connectorOf([scheme]), secrets: ownSecrets, ...own }).verify(request)

describe('httpSignatureScheme', () => {
  test('says what is bound, the parameters, and nothing else', async () => {
    expect(await verify(good)).toEqual({
      ok: true,
      scheme: 'http-signature',
      bound: ['body', 'method', 'url', 'timestamp', 'header:content-digest'],
      strength: 'signature',
      keyIndex: 0,
      claims: { created: CREATED },
    })
  })

  test.each([
    ['no signature', good.headers.filter(([name]) => name !== 'Signature'), 'missing_header'],
    ['no input', good.headers.filter(([name]) => name !== 'Signature-Input'), 'missing_header'],
    ['a signature that is no dictionary', replaced(good.headers, 'Signature', '!'), 'malformed_signature'],
    ['an input that is no dictionary', replaced(good.headers, 'Signature-Input', '('), 'malformed_signature'],
    ['a signature of another label', replaced(good.headers, 'Signature', 'sig2=:AAAA:'), 'malformed_signature'],
    ['a signature that is no bytes', replaced(good.headers, 'Signature', 'sig1="AAAA"'), 'malformed_signature'],
    ['an input that is no list', replaced(good.headers, 'Signature-Input', 'sig1="@method"'), 'malformed_signature'],
    [
      'a component that is no string',
      replaced(good.headers, 'Signature-Input', 'sig1=(method);created=1'),
      'malformed_signature',
    ],
    [
      'a time that is no number',
      replaced(good.headers, 'Signature-Input', 'sig1=();created="1"'),
      'malformed_signature',
    ],
    ['a time with a fraction', replaced(good.headers, 'Signature-Input', 'sig1=();created=1.5'), 'malformed_signature'],
    ['another signature', replaced(good.headers, 'Signature', `sig1=:${'A'.repeat(86)}==:`), 'mismatch'],
  ])('refuses %s', async (_title, headers, reason) => {
    expect(await verify({ ...good, headers })).toEqual({ ok: false, code: 'signature_invalid', reason })
  })

  test.each([
    ['covers less than it must', signedRequest(lines.slice(0, 2)), 'insufficient_coverage'],
    [
      'covers a part of another message instead',
      signedRequest(['"@method";req: POST', ...lines.slice(1)]),
      'insufficient_coverage',
    ],
    ['does not say when', signedRequest(lines, ''), 'insufficient_coverage'],
    ['covers a field that is absent', signedRequest([...lines, '"x-absent": 1']), 'missing_header'],
    ['covers a parameter that is absent', signedRequest([...lines, '"@query-param";name="y": 1']), 'missing_field'],
    [
      'is of another algorithm',
      signedRequest(lines, `;created=${CREATED};alg="rsa-v1_5-sha256"`),
      'unexpected_algorithm',
    ],
    ['covers a component twice', signedRequest([...lines, '"@method": POST']), 'malformed_signature'],
  ])('refuses a signature that %s', async (_title, request, reason) => {
    expect(await verify(request)).toMatchObject({ ok: false, reason })
  })

  test('cannot verify a URL that nobody said', async () => {
    const { url: _url, ...request } = good
    expect(await verify(request)).toMatchObject({ ok: false, reason: 'missing_url' })
  })

  test.each([
    [-300_001, 'stale_timestamp'],
    [300_001, 'future_timestamp'],
  ])('refuses a signature that was created %i ms from its arrival', async (shiftMs, reason) => {
    expect(await verify({ ...good, receivedAt: CREATED * 1000 - shiftMs })).toEqual({
      ok: false,
      code: 'timestamp_stale',
      reason,
    })
    expect(await verify({ ...good, receivedAt: CREATED * 1000 - Math.sign(shiftMs) * 300_000 })).toMatchObject({
      ok: true,
    })
  })

  test('never takes a signature after it expired, also where the tolerance is longer', async () => {
    const request = signedRequest(lines, `;created=${CREATED};expires=${CREATED + 10}`)
    expect(await verify({ ...request, receivedAt: (CREATED + 10) * 1000 })).toMatchObject({ ok: true })
    expect(await verify({ ...request, receivedAt: (CREATED + 10) * 1000 + 1 })).toMatchObject({
      reason: 'stale_timestamp',
    })
    expect(await verify({ ...request, receivedAt: Number.NaN })).toMatchObject({ ok: false })
  })

  test("judges the tolerance that the application set instead of the scheme's", async () => {
    const later = { ...good, receivedAt: CREATED * 1000 + 10_000 }
    expect(await verify(later, strict, { toleranceMs: 1_000 })).toMatchObject({ reason: 'stale_timestamp' })
  })

  test('says of a stale request with another body that the body is wrong', async () => {
    const request = { ...good, body: Buffer.from('{}'), receivedAt: 0 }
    expect(await verify(request)).toMatchObject({ reason: 'body_mismatch' })
  })

  test('takes one good signature among others, in any order', async () => {
    const [inputs, signatures] = [valueOf(good.headers, 'Signature-Input'), valueOf(good.headers, 'Signature')]
    const digest = good.headers.slice(0, 1)
    const other = `other=:${'A'.repeat(86)}==:`
    for (const headers of [
      [
        ['Signature-Input', `other=("@method");created=1, ${inputs}`],
        ['Signature', `${other}, ${signatures}`],
      ],
      [
        ['Signature-Input', `${inputs}, other=("@method");created=1`],
        ['Signature', `${signatures}, ${other}`],
      ],
      [
        ['Signature-Input', inputs],
        ['Signature-Input', 'other=();created=1'],
        ['Signature', other],
        ['Signature', signatures],
      ],
    ] as const) {
      expect(await verify({ ...good, headers: [...digest, ...(headers as unknown as HeaderPairs)] })).toMatchObject({
        ok: true,
      })
    }
  })

  test('looks at no other label and tag than the scheme wants', async () => {
    expect(await verify(good, { ...strict, label: 'sig1' })).toMatchObject({ ok: true })
    expect(await verify(good, { ...strict, label: 'sig2' })).toMatchObject({ reason: 'malformed_signature' })
    const tagged = signedRequest(lines, `;created=${CREATED};tag="app"`)
    expect(await verify(tagged, { ...strict, tag: 'app' })).toMatchObject({ ok: true })
    expect(await verify(good, { ...strict, tag: 'app' })).toMatchObject({ reason: 'insufficient_coverage' })
  })

  test('wants the parameters that the scheme wants', async () => {
    const scheme: HttpSignatureScheme = { ...strict, requiresParameters: ['nonce', 'keyid'] }
    expect(await verify(good, scheme)).toMatchObject({ reason: 'insufficient_coverage' })
    const request = signedRequest(lines, `;created=${CREATED};nonce="n";keyid="k"`)
    expect(await verify(request, scheme)).toMatchObject({ ok: true, claims: { nonce: 'n', keyid: 'k' } })
  })

  test('binds an event id that is a covered header, in the body, or the nonce', async () => {
    const withId: HeaderPairs = [
      ['content-digest', digestOf('sha256', BODY)],
      ['x-id', 'e1'],
    ]
    const request = signedRequest([...lines, '"x-id": e1'], `;created=${CREATED};nonce="n"`, withId)
    for (const eventId of [
      { from: 'header', name: 'x-id', signed: true },
      { from: 'body', pointer: '/a', signed: true },
      { from: 'claim', name: 'nonce', signed: true },
      { from: 'query', name: 'x', signed: true },
    ] as const) {
      expect(await verify(request, { ...strict, eventId })).toMatchObject({
        ok: true,
        bound: expect.arrayContaining(['id']),
      })
    }
    const bare = await verify(good, { ...strict, eventId: { from: 'header', name: 'x-id', signed: true } })
    expect(bare).toMatchObject({ ok: true, bound: expect.not.arrayContaining(['id']) })
  })

  test.each([
    ['sha-512', digestOf('sha512', BODY), true],
    ['both', `${digestOf('sha256', BODY)}, ${digestOf('sha512', BODY)}`, true],
    ['one right and one wrong', `${digestOf('sha256', BODY)}, ${digestOf('sha512', 'x')}`, false],
    ['one wrong and one right', `${digestOf('sha256', 'x')}, ${digestOf('sha512', BODY)}`, false],
    ['a right one and one that nobody should use', `${digestOf('sha256', BODY)}, md5=:AAAA:`, true],
    ['only one that nobody should use', 'md5=:AAAA:', false],
    ['one that is no bytes', 'sha-256=AAAA', false],
    ['half a digest', 'sha-256=:AAAA:', false],
    ['a field that is no dictionary', '!', false],
    ['a name of every object', 'constructor=:AAAA:', false],
  ])('judges a digest that is %s', async (_title, digest, fits) => {
    const request = signedRequest([...lines.slice(0, 2), `"content-digest": ${digest}`], undefined, [
      ['content-digest', digest],
    ])
    expect(await verify(request)).toMatchObject(
      fits ? { ok: true, strength: 'signature' } : { reason: 'body_mismatch' },
    )
  })

  test('judges no more of the digest than what is covered', async () => {
    const scheme: HttpSignatureScheme = { ...strict, requires: ['content-digest;key="sha-256"'] }
    const digest = `${digestOf('sha256', BODY)}, ${digestOf('sha512', 'x')}`
    const own = digestOf('sha256', BODY).slice('sha-256='.length)
    const covers = (name: string, value: string) =>
      signedRequest([`"content-digest";key="${name}": ${value}`], undefined, [['content-digest', digest]])
    expect(await verify(covers('sha-256', own), scheme)).toMatchObject({ ok: true, strength: 'signature' })
    const wrong = { ...covers('sha-256', own), body: Buffer.from('x') }
    expect(await verify(wrong, scheme)).toMatchObject({ reason: 'body_mismatch' })
  })

  test('refuses a field with a line break that pretends to be another component', async () => {
    const request = signedRequest(['"x-a": 1', '"@method": POST'])
    const headers: HeaderPairs = [
      ['x-a', '1\n"@method": POST'],
      ['Signature-Input', `sig1=("x-a");created=${CREATED}`],
      ['Signature', valueOf(request.headers, 'Signature')],
    ]
    expect(await verify({ ...request, headers }, { ...strict, requires: [] })).toMatchObject({
      reason: 'missing_header',
    })
  })

  test('keeps to keys of the id that the signature names, where there are some', async () => {
    const other = generateKeyPairSync('ed25519').publicKey.export({ type: 'spki', format: 'pem' }).toString()
    const request = signedRequest(lines, `;created=${CREATED};keyid="mine"`)
    const named = [
      { value: other, id: 'theirs' },
      { value: ownSecrets[0] ?? '', id: 'mine' },
    ]
    expect(await verify(request, strict, { secrets: named })).toMatchObject({ ok: true, keyIndex: 1, keyId: 'mine' })
    const swapped = [
      { value: other, id: 'mine' },
      { value: ownSecrets[0] ?? '', id: 'theirs' },
    ]
    expect(await verify(request, strict, { secrets: swapped })).toMatchObject({ reason: 'mismatch' })
  })

  test('takes a key only while it is valid', async () => {
    const secret = { value: ownSecrets[0] ?? '', notAfter: CREATED * 1000 }
    expect(await verify(good, strict, { secrets: [secret] })).toMatchObject({ reason: 'mismatch' })
    expect(await verify({ ...good, receivedAt: CREATED * 1000 - 1 }, strict, { secrets: [secret] })).toMatchObject({
      ok: true,
    })
  })

  test('never takes a public key for a shared secret', async () => {
    const scheme: HttpSignatureScheme = {
      ...strict,
      algorithms: ['hmac-sha256', 'ed25519'],
      secret: { encoding: 'utf8' },
    }
    const input = `("@method" "@target-uri" "content-digest");created=${CREATED};alg="hmac-sha256"`
    const base = [...lines, `"@signature-params": ${input}`].join('\n')
    const { createHmac } = await import('node:crypto')
    const forged = createHmac('sha256', ownSecrets[0] ?? '')
      .update(base)
      .digest('base64')
    const headers: HeaderPairs = [
      ...good.headers.slice(0, 1),
      ['signature-input', `s=${input}`],
      ['signature', `s=:${forged}:`],
    ]
    expect(await verify({ ...good, headers }, scheme)).toMatchObject({ reason: 'mismatch' })
  })

  test('never throws and never accepts, whatever the headers', async () => {
    const pieces = [
      'sig1',
      '=',
      '(',
      ')',
      '"@method"',
      '"content-digest"',
      ';created=',
      String(CREATED),
      ' ',
      ',',
      ':',
      'AAAA',
      ';',
      '"',
      '?1',
      ';sf',
      ';key="a"',
      '\\',
      '@',
    ]
    const verifier = createVerifier({ connector: connectorOf([{ ...strict, requires: [] }]), secrets: ownSecrets })
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.constantFrom(...pieces), { maxLength: 12 }),
        fc.array(fc.constantFrom(...pieces), { maxLength: 12 }),
        async (input, signature) => {
          const headers: HeaderPairs = [
            ['signature-input', input.join('')],
            ['signature', signature.join('')],
          ]
          expect(await verifier.verify({ ...good, headers })).toMatchObject({ ok: false })
        },
      ),
      { numRuns: 2_000 },
    )
  })
})

function replaced(headers: HeaderPairs, name: string, value: string): HeaderPairs {
  return headers.map((pair) => (pair[0] === name ? [name, value] : pair))
}

function valueOf(headers: HeaderPairs, name: string): string {
  return headers.find(([candidate]) => candidate === name)?.[1] ?? ''
}
