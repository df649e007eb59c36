import { createHmac } from 'node:crypto'
import type { HmacScheme } from '@holdfast/core'
import { describe, expect, test } from 'vitest'
import { createReceiver } from '../../src/receiver/create-receiver.ts'
import type { IncomingWebhook, SourceOptions } from '../../src/receiver/receiver.ts'
import { createVerifier } from '../../src/verify/verifier.ts'
import { receiverOptions, SECRET } from './receiver-fixture.ts'
import { bodySignature, connectorOf, signed, sourceWith } from './source-fixture.ts'

const urlSigned = {
  verify: [{ ...(bodySignature as HmacScheme), message: [{ part: 'method' }, { part: 'url' }, { part: 'body' }] }],
} as const

function signedFor(url: string, more: Partial<IncomingWebhook> = {}): Partial<IncomingWebhook> {
  const signature = createHmac('sha256', SECRET).update(`POST${url}{}`).digest('hex')
  return {
    body: new TextEncoder().encode('{}'),
    headers: [
      ['Host', 'evil.example'],
      ['X-Signature', signature],
    ],
    ...more,
  }
}

function create(source: Partial<SourceOptions>): unknown {
  const sources = { acme: { connector: connectorOf(urlSigned), secrets: [SECRET], ...source } }
  return createReceiver(receiverOptions({ sources }))
}

describe('publicUrl', () => {
  test('is required where the provider signs the URL, for the sender chooses the header host', () => {
    expect(() => create({})).toThrow(/sources\.acme\.publicUrl.*https:\/\/example\.com.*signs the URL/)
    expect(() => create({ publicUrl: 'https://acme.example' })).not.toThrow()
  })

  test('is not required where it signs no host', () => {
    const message: HmacScheme['message'] = [{ part: 'url', form: 'pathAndQuery' }, { part: 'body' }]
    const connector = connectorOf({ verify: [{ ...(bodySignature as HmacScheme), message }] })
    expect(() => create({ connector })).not.toThrow()
    expect(() => create({ connector: connectorOf({}) })).not.toThrow()
  })

  test.each([
    '',
    'acme.example',
    '/hooks',
    'ftp://acme.example',
    'https://',
    'https://acme.example/?a=1',
    'https://acme.example/#a',
    'https://user:password@acme.example',
    'https://a b',
  ])('is no base URL: %j', (publicUrl) => {
    expect(() => create({ publicUrl })).toThrow(/sources\.acme\.publicUrl/)
  })

  test.each([
    ['https://acme.example', '/hooks?a=%2F&b=%20', 'https://acme.example/hooks?a=%2F&b=%20'],
    ['https://acme.example/', '/hooks', 'https://acme.example/hooks'],
    ['https://acme.example:8443/api/', '/hooks', 'https://acme.example:8443/api/hooks'],
    ['https://acme.example', 'http://10.0.0.1:3000/hooks?a=1', 'https://acme.example/hooks?a=1'],
    ['https://acme.example', '//evil.example/hooks', 'https://acme.example//evil.example/hooks'],
    ['https://acme.example', '', 'https://acme.example/'],
    ['https://acme.example', '/a/../%41?x', 'https://acme.example/a/../%41?x'],
  ])('%s is put before what the request came with: %s', async (publicUrl, url, expected) => {
    const { send, stored } = await sourceWith(urlSigned, { publicUrl })
    expect((await send(signedFor(expected, { url }))).status).toBe(200)
    expect(stored[0]?.url).toBe(expected)
  })

  test('is not what the sender says it is', async () => {
    const { send } = await sourceWith(urlSigned, { publicUrl: 'https://acme.example' })
    for (const url of ['https://evil.example/hooks', '/hooks']) {
      expect((await send(signedFor('https://evil.example/hooks', { url }))).status).toBe(401)
    }
  })

  test('may be a function of the request', async () => {
    const { send } = await sourceWith(urlSigned, {
      publicUrl: ({ url, method, headers }) => `https://${method.toLowerCase()}.example${url}?${headers.length}`,
    })
    expect((await send(signedFor('https://post.example/hooks?2', { url: '/hooks' }))).status).toBe(200)
  })

  test('that throws or gives no URL is a fault of the set-up, and the provider comes again', async () => {
    for (const publicUrl of [() => '/hooks', () => undefined as unknown as string]) {
      const { send, events } = await sourceWith(urlSigned, { publicUrl })
      expect((await send(signedFor('/hooks'))).status).toBe(500)
      expect(events.of('webhook:refused')[0]?.error).toMatchObject({
        code: 'configuration_error',
        reason: 'url_not_absolute',
      })
    }
    const { send } = await sourceWith(urlSigned, {
      publicUrl: () => {
        throw new Error('no idea')
      },
    })
    expect((await send(signedFor('/hooks'))).status).toBe(500)
  })

  test("'as_received' takes whole URLs as they come, and nothing less", async () => {
    const { send, receiver } = await sourceWith(urlSigned, { publicUrl: 'as_received' })
    const url = 'https://acme.example/hooks'
    expect((await send(signedFor(url, { url }))).status).toBe(200)
    expect((await send(signedFor('/hooks', { url: '/hooks' }))).status).toBe(500)
    const signature = createHmac('sha256', SECRET).update(`POST${url}{"a":1}`).digest('hex')
    const request = new Request(url, { method: 'POST', body: '{"a":1}', headers: { 'x-signature': signature } })
    expect((await receiver.handle('acme', request)).status).toBe(200)
  })
})

describe('a stored event', () => {
  test('verifies again, as long as its secret is known', async () => {
    const { send, stored } = await sourceWith(urlSigned, { publicUrl: 'https://acme.example/api' })
    await send(signedFor('https://acme.example/api/hooks?a=1', { url: '/hooks?a=1' }))
    const [event] = stored
    if (event === undefined) throw new Error('nothing was stored')
    const verifier = createVerifier({ connector: connectorOf(urlSigned), secrets: [SECRET] })
    expect(await verifier.verify({ ...event })).toMatchObject({
      ok: true,
      bound: expect.arrayContaining(['url', 'method']),
    })
    expect(await verifier.verify({ ...event, url: 'https://acme.example/hooks?a=1' })).toMatchObject({ ok: false })
    expect(await verifier.verify({ ...event, method: 'PUT' })).toMatchObject({ ok: false })
  })

  test('keeps method, URL and sender as they came where nothing says otherwise', async () => {
    const { send, stored } = await sourceWith({})
    await send(signed('{}', { url: '/hooks/../a?b=%20', remoteAddress: '203.0.113.9' }))
    expect(stored[0]).toMatchObject({ method: 'POST', url: '/hooks/../a?b=%20', remoteAddress: '203.0.113.9' })
  })
})
