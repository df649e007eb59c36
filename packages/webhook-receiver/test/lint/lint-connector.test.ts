import { generateKeyPairSync, sign } from 'node:crypto'
import type { Connector, HmacScheme, SignatureVector } from '@holdfast/core'
import { fakeClock } from '@holdfast/core/testing'
import { describe, expect, test } from 'vitest'
import type { ConnectorFinding } from '../../src/lint/finding.ts'
import { lintConnector } from '../../src/lint/lint-connector.ts'
import { BODY, sampleConnector, SECRET, scheme, tokenScheme, vector } from './sample-connector.ts'

const clock = fakeClock(Date.parse('2026-03-01'))

const lint = (value: unknown): Promise<readonly ConnectorFinding[]> => lintConnector(value, { clock })
const signedBy = (change: Partial<HmacScheme>): Connector => sampleConnector({ verify: [{ ...scheme, ...change }] })

test('finds nothing in a connector that is right', async () => {
  expect(await lint(sampleConnector())).toEqual([])
})

test('finds nothing in one without webhooks', async () => {
  const { webhook: _, ...connector } = sampleConnector()
  expect(await lint(connector)).toEqual([])
})

describe('shape', () => {
  test('says where a connector is malformed, without the name of the argument', async () => {
    expect(await lint(signedBy({ encoding: 'base32' as 'hex' }))).toEqual([
      {
        severity: 'error',
        code: 'malformed',
        path: 'webhook.verify[0].encoding',
        message: expect.stringMatching(/^Expected `webhook\.verify\[0\]\.encoding` to be 'hex'/) as string,
      },
    ])
  })

  test('finds the first mistake of each part', async () => {
    const connector = {
      ...signedBy({ hash: 'md5' as 'sha1' }),
      id: 'Not Kebab',
      http: { baseUrl: 'nowhere' },
      rateLimits: [{ id: 'x' }],
    }
    expect((await lint(connector)).map(({ path }) => path)).toEqual([
      'id',
      'webhook.verify[0].hash',
      'http.baseUrl',
      'rateLimits[0].scope',
    ])
  })

  test.each([undefined, null, 7, 'text', [], {}])('refuses %j as a whole', async (value) => {
    const findings = await lint(value)
    expect(findings.length).toBeGreaterThan(0)
    expect(new Set(findings.map(({ code }) => code))).toEqual(new Set(['malformed']))
  })
})

describe('sources', () => {
  const dated = (...dates: readonly string[]): Connector =>
    sampleConnector({}, { sources: dates.map((verifiedAt) => ({ url: 'https://a.example/', verifiedAt })) })

  test('warns when there is none', async () => {
    expect(await lint(dated())).toMatchObject([{ severity: 'warning', code: 'no_source', path: 'sources' }])
  })

  test('warns of one that was read too long ago', async () => {
    expect(await lint(dated('2025-01-25', '2025-01-24', '2025-02-01'))).toEqual([
      {
        severity: 'warning',
        code: 'stale_source',
        path: 'sources[1].verifiedAt',
        message: '2025-01-24 is 401 days ago; read the source again.',
      },
    ])
  })

  test('takes another age', async () => {
    expect(await lintConnector(dated('2026-01-31'), { clock, maxAgeDays: 7 })).toMatchObject([{ code: 'stale_source' }])
  })

  test('refuses a date that is still to come, but for the time zones', async () => {
    expect(await lint(dated('2026-03-02'))).toEqual([])
    expect(await lint(dated('2026-03-03'))).toMatchObject([{ severity: 'error', code: 'future_source' }])
  })
})

describe('vectors', () => {
  test('warns of a scheme without any', async () => {
    const { vectors: _, ...bare } = scheme
    expect(await lint(sampleConnector({ verify: [bare] }))).toMatchObject([
      { severity: 'warning', code: 'no_vector', path: 'webhook.verify[0]' },
    ])
  })

  test('refuses one that does not verify, with the reason', async () => {
    const wrong = { ...vector, body: `${BODY} ` }
    expect(await lint(signedBy({ vectors: [vector, wrong] }))).toEqual([
      {
        severity: 'error',
        code: 'failing_vector',
        path: 'webhook.verify[0].vectors[1]',
        message: 'It does not verify: mismatch.',
      },
    ])
  })

  test('refuses one whose secret the scheme cannot read, without showing it', async () => {
    const findings = await lint(signedBy({ secret: { encoding: 'hex' } }))
    expect(findings).toMatchObject([{ code: 'failing_vector', path: 'webhook.verify[0].vectors[0].secret' }])
    expect(JSON.stringify(findings)).not.toContain(SECRET)
  })

  test('refuses one that another scheme takes first', async () => {
    const behind = { ...tokenScheme, select: 'x-token' }
    const headers = { ...vector.headers, 'x-token': 'a token' }
    const connector = sampleConnector({ verify: [behind, { ...scheme, vectors: [{ ...vector, headers }] }] })
    expect(await lint(connector)).toContainEqual({
      severity: 'error',
      code: 'failing_vector',
      path: 'webhook.verify[1].vectors[0]',
      message: '`webhook.verify[0]` applies to this request, not the scheme that the vector is of.',
    })
  })

  test('refuses one that no scheme applies to', async () => {
    const connector = signedBy({ select: 'x-other' })
    expect(await lint(connector)).toMatchObject([{ message: 'No scheme applies to this request.' }])
  })

  test('reads bodies in base64, and vectors that need a URL and a method', async () => {
    const connector = signedBy({
      message: [{ part: 'method' }, { part: 'url' }, { part: 'body' }],
      vectors: [
        {
          source: 'OpenSSL 3.0 dgst -sha256 -hmac',
          secret: 'k',
          headers: { 'x-signature': 'ae11055a9bbd61643c99e1c7ab320e2b9e4963b487d5a399099b78c1789184be' },
          bodyBase64: Buffer.from(BODY).toString('base64'),
          method: 'PUT',
          url: 'https://a.example/hook',
        },
      ],
    })
    expect(await lint(connector)).toEqual([])
  })
})

describe('vectors with published keys', () => {
  const url = 'https://keys.sample.example/public.pem'
  const { privateKey, publicKey } = generateKeyPairSync('ed25519')
  const published: SignatureVector = {
    source: 'node:crypto sign',
    headers: { 'x-signature': sign(null, Buffer.from(BODY), privateKey).toString('base64') },
    body: BODY,
    keys: { [url]: publicKey.export({ type: 'spki', format: 'pem' }).toString() },
  }
  const signedByKey = (own: SignatureVector, place: { readonly url?: string }): Connector =>
    sampleConnector({
      verify: [
        {
          scheme: 'signature',
          algorithm: 'ed25519',
          encoding: 'base64',
          key: { from: 'url', kind: 'pem', ...place },
          signature: { from: 'header', name: 'x-signature' },
          message: [{ part: 'body' }],
          vectors: [own],
        },
      ],
    })

  test('verify with the keys that they bring, wherever the provider has them', async () => {
    expect(await lint(signedByKey(published, { url }))).toEqual([])
    expect(await lint(signedByKey(published, {}))).toEqual([])
  })

  test('are refused where they do not bring the key', async () => {
    const keyless = { ...published, keys: { 'https://keys.sample.example/other.pem': 'another' } }
    const message = 'It does not verify: unknown_key.'
    expect(await lint(signedByKey(keyless, { url }))).toMatchObject([{ code: 'failing_vector', message }])
  })

  test('need neither a secret nor keys only where they have the other', async () => {
    const { keys: _, ...bare } = published
    expect(await lint(signedByKey(bare, { url }))).toMatchObject([
      { code: 'malformed', path: 'webhook.verify[0].vectors[0].secret' },
    ])
  })
})

describe('fields', () => {
  test('refuses a field that is said to be signed and is not', async () => {
    const headers = { ...vector.headers, 'x-id': '1' }
    const connector = sampleConnector({
      verify: [{ ...scheme, vectors: [{ ...vector, headers }] }],
      eventId: { from: 'header', name: 'x-id', signed: true },
    })
    expect(await lint(connector)).toMatchObject([
      { severity: 'error', code: 'wrong_signed', path: 'webhook.eventId.signed' },
    ])
  })

  test('takes an id in a header for signed where the message has it', async () => {
    const signature = 'cc57dbf85c7dd646d7d504db07e25596ea690da4aefb66eb855b1c525f890d4e'
    const connector = sampleConnector({
      verify: [
        {
          ...scheme,
          message: [{ part: 'header', name: 'x-id' }, { part: 'body' }],
          vectors: [{ ...vector, headers: { 'x-id': '1', 'x-signature': signature } }],
        },
      ],
      eventId: { from: 'header', name: 'x-id', signed: true },
    })
    expect(await lint(connector)).toEqual([])
  })

  test('warns of a field that is signed and is not said to be', async () => {
    const connector = sampleConnector({ eventType: { from: 'body', pointer: '/type', signed: false } })
    expect(await lint(connector)).toMatchObject([
      { severity: 'warning', code: 'wrong_signed', path: 'webhook.eventType.signed' },
    ])
  })

  test('says nothing of signatures under a token, which covers nothing', async () => {
    const connector = sampleConnector({ verify: [{ ...scheme, select: 'x-signature' }, tokenScheme] })
    expect(await lint(connector)).toEqual([])
  })

  test('warns of a place where no vector has anything', async () => {
    const connector = sampleConnector({ tenant: { from: 'body', pointer: '/acount', signed: true } })
    expect(await lint(connector)).toMatchObject([{ severity: 'warning', code: 'unseen_field', path: 'webhook.tenant' }])
  })

  test('looks at the id of a scheme under that scheme only', async () => {
    const connector = sampleConnector({
      verify: [
        { ...scheme, select: 'x-signature', eventId: { from: 'body', pointer: '/nr', signed: true } },
        tokenScheme,
      ],
    })
    expect(await lint(connector)).toMatchObject([{ code: 'unseen_field', path: 'webhook.verify[0].eventId' }])
  })
})
