import { createHash, createHmac } from 'node:crypto'
import type { Handshake, WebhookDescription } from '@holdfast/core'
import { describe, expect, test } from 'vitest'
import type { HeaderPairs } from '../../src/buffer/event-buffer.ts'
import type { WebhookReply } from '../../src/receiver/receiver.ts'
import { createReceiver } from '../../src/receiver/create-receiver.ts'
import { receiverOptions, SECRET } from './receiver-fixture.ts'
import { connectorOf, signed, sourceWith } from './source-fixture.ts'

const examples: Handshake['examples'] = [
  { source: 'test', request: { url: 'https://a.example/' }, response: { status: 200, body: '' } },
]

const echo: Handshake = {
  name: 'challenge',
  when: [{ method: 'GET' }, { from: 'query', name: 'challenge' }],
  challenge: { from: 'query', name: 'challenge', alphabet: 'A-Za-z0-9-', maxLength: 40 },
  respond: { status: 200, body: { value: 'challenge' } },
  examples,
}

const verification: Handshake = {
  name: 'url_verification',
  when: [{ from: 'body', pointer: '/type', equals: 'url_verification' }],
  verified: true,
  challenge: { from: 'body', pointer: '/challenge', alphabet: 'A-Za-z0-9', maxLength: 80 },
  respond: { status: 200, body: { json: { challenge: { value: 'challenge' }, type: { literal: 1 } } } },
  examples,
}

const subscription: Handshake = {
  name: 'subscription',
  when: [{ method: 'GET' }, { from: 'query', name: 'mode', equals: 'subscribe' }],
  challenge: { from: 'query', name: 'challenge', alphabet: '0-9', maxLength: 20 },
  verifyToken: { from: 'query', name: 'token' },
  respond: { status: 200, body: { value: 'challenge' } },
  examples,
}

const crc: Handshake = {
  name: 'crc',
  when: [{ method: 'GET' }, { from: 'query', name: 'crc_token' }],
  challenge: { from: 'query', name: 'crc_token', alphabet: 'A-Za-z0-9_-', maxLength: 60 },
  respond: {
    status: 200,
    body: { json: { response_token: { hmac: { hash: 'sha256', encoding: 'base64', prefix: 'sha256=' } } } },
  },
  examples,
}

function problemOf({ status, body }: WebhookReply): unknown {
  const { code, reason } = JSON.parse(body) as Record<string, unknown>
  return { status, code, reason }
}

const get = (query: string): { readonly method: string; readonly url: string } => ({
  method: 'GET',
  url: `/hooks?${query}`,
})

describe('a handshake that nobody signs', () => {
  test('is answered with the challenge, as text that no browser takes for anything else, and is not stored', async () => {
    const { send, appends, events, receiver } = await sourceWith({ handshakes: [echo] })
    expect(await send(get('challenge=abc-123'))).toEqual({
      status: 200,
      headers: { 'content-type': 'text/plain', 'x-content-type-options': 'nosniff', 'cache-control': 'no-store' },
      body: 'abc-123',
    })
    expect(appends).toEqual([])
    expect(events.of('webhook:handshake')).toEqual([
      { source: 'acme', handshake: 'challenge', status: 200, durationMs: expect.any(Number) },
    ])
    expect(receiver.snapshot()).toMatchObject({ accepted: 0, refused: 0 })
  })

  test.each([
    'challenge=%3Cscript%3E',
    `challenge=${'a'.repeat(41)}`,
    'challenge=',
    'challenge=a&challenge=b',
    'challenge=%C3%A4',
  ])('is refused where the challenge is none: %s', async (query) => {
    const { send, events } = await sourceWith({ handshakes: [echo] })
    const reply = await send(get(query))
    expect(problemOf(reply)).toEqual({ status: 400, code: 'invalid_request', reason: 'malformed_challenge' })
    expect(JSON.stringify(reply)).not.toContain('script')
    expect(events.names).toEqual(['webhook:refused'])
  })

  test('decodes the query as a form', async () => {
    const spaced: Handshake = {
      ...echo,
      challenge: { ...echo.challenge, from: 'query', name: 'challenge', alphabet: 'a-z: ', maxLength: 9 },
    }
    const { send } = await sourceWith({ handshakes: [spaced] })
    expect((await send(get('challenge=a+b%3A%20c'))).body).toBe('a b: c')
  })

  test('is looked for in small bodies only', async () => {
    const ping: Handshake = {
      name: 'ping',
      when: [{ onlyMembers: ['challenge'] }],
      respond: { status: 200 },
      examples,
    }
    const { send } = await sourceWith({ handshakes: [ping] })
    const body = (length: number): Uint8Array => new TextEncoder().encode(`{"challenge":"${'a'.repeat(length)}"}`)
    expect((await send({ body: body(1000) })).status).toBe(200)
    expect((await send({ body: body(20_000) })).status).toBe(401)
  })

  test.each([
    ['{"challenge":"a"}', 200],
    ['{"challenge":"a","more":1}', 401],
    ['{}', 401],
    ['["challenge"]', 401],
    ['"challenge"', 401],
    ['no JSON', 401],
  ])('is told by the members of the body: %s', async (body, status) => {
    const ping: Handshake = { name: 'ping', when: [{ onlyMembers: ['challenge'] }], respond: { status: 200 }, examples }
    const { send } = await sourceWith({ handshakes: [ping] })
    expect((await send({ body: new TextEncoder().encode(body) })).status).toBe(status)
  })

  test('is told by the members of a form as well', async () => {
    const ping: Handshake = {
      name: 'ping',
      when: [{ onlyMembers: ['webhook_id'] }],
      respond: { status: 200 },
      examples,
    }
    const { send } = await sourceWith({ handshakes: [ping] })
    const headers: HeaderPairs = [['Content-Type', 'application/x-www-form-urlencoded']]
    const form = (text: string): Promise<WebhookReply> => send({ headers, body: new TextEncoder().encode(text) })
    expect((await form('webhook_id=7')).status).toBe(200)
    expect((await form('webhook_id=7&more=1')).status).toBe(401)
    expect((await form('webhook_id=7&webhook_id=8')).status).toBe(401)
  })
})

describe('a handshake that is signed', () => {
  const body = '{"type":"url_verification","challenge":"3eZbrw1a"}'

  test('is answered when it is authentic, and is not stored', async () => {
    const { send, appends, events } = await sourceWith({ handshakes: [verification] })
    expect(await send(signed(body))).toMatchObject({
      status: 200,
      headers: { 'content-type': 'application/json' },
      body: '{"challenge":"3eZbrw1a","type":1}',
    })
    expect(appends).toEqual([])
    expect(events.names).toEqual(['webhook:handshake'])
  })

  test('is refused when it is not', async () => {
    const { send, events } = await sourceWith({ handshakes: [verification] })
    expect((await send(signed(body, {}, 'another secret'))).status).toBe(401)
    expect((await send({ body: new TextEncoder().encode(body) })).status).toBe(401)
    expect(events.names).toEqual(['webhook:refused', 'webhook:refused'])
  })

  test('leaves events alone', async () => {
    const { send, stored } = await sourceWith({ handshakes: [verification] })
    expect((await send(signed('{"type":"message"}'))).body).toBe('{"status":"accepted"}')
    expect(stored).toHaveLength(1)
  })

  test('may be stored as an event too, and has the answer of the handshake', async () => {
    const confirmation: Handshake = { ...verification, store: true, respond: { status: 202, body: { literal: 'ok' } } }
    const { send, stored, events } = await sourceWith({ handshakes: [confirmation] })
    expect(await send(signed(body))).toMatchObject({ status: 202, body: 'ok' })
    expect(stored.map((event) => new TextDecoder().decode(event.body))).toEqual([body])
    expect(events.names).toEqual(['webhook:accepted', 'webhook:handshake'])
  })

  test('may come with a method that no event has', async () => {
    const head: Handshake = {
      name: 'head',
      when: [{ method: 'GET' }, { from: 'header', name: 'x-ping' }],
      verified: true,
      respond: { status: 204 },
      examples,
    }
    const { send } = await sourceWith({ handshakes: [head] })
    expect((await send(signed('', { method: 'GET', headers: [['X-Ping', '1']] }))).status).toBe(204)
    expect(problemOf(await send(signed('', { method: 'GET' })))).toMatchObject({
      status: 400,
      reason: 'not_a_handshake',
    })
    expect((await send({ method: 'GET', headers: [['X-Ping', '1']] })).status).toBe(401)
  })
})

describe('a handshake that shows a token', () => {
  const options = { handshake: { verifyToken: 'my token' } }
  const webhook = { handshakes: [subscription] }

  test('is answered when the token is the one that was set', async () => {
    const { send } = await sourceWith(webhook, options)
    expect(await send(get('mode=subscribe&token=my+token&challenge=42'))).toMatchObject({ status: 200, body: '42' })
  })

  test.each([
    'mode=subscribe&token=other&challenge=42',
    'mode=subscribe&challenge=42',
    'mode=subscribe&token=&challenge=42',
    'mode=subscribe&token=my+token&token=my+token&challenge=42',
    'mode=subscribe&token=my+token+&challenge=42',
  ])('is refused when it is another: %s', async (query) => {
    const { send } = await sourceWith(webhook, options)
    expect(problemOf(await send(get(query)))).toEqual({
      status: 403,
      code: 'permission_denied',
      reason: 'wrong_verify_token',
    })
  })

  test('is refused, and says which option is missing, when none was set', async () => {
    const { send, events } = await sourceWith(webhook)
    expect(problemOf(await send(get('mode=subscribe&token=&challenge=42')))).toMatchObject({
      status: 500,
      reason: 'verify_token_not_set',
    })
    expect(events.of('webhook:refused')[0]?.error.message).toContain('`handshake.verifyToken`')
  })

  test('is no handshake in another mode', async () => {
    const { send } = await sourceWith(webhook, options)
    expect(problemOf(await send(get('mode=unsubscribe&token=my+token&challenge=42')))).toMatchObject({
      status: 400,
      reason: 'not_a_handshake',
    })
  })
})

describe('a handshake that wants an HMAC', () => {
  test('is answered with the key that signs events', async () => {
    const { send } = await sourceWith({ handshakes: [crc] })
    const answer = createHmac('sha256', SECRET).update('token-1').digest('base64')
    expect(JSON.parse((await send(get('crc_token=token-1'))).body)).toEqual({ response_token: `sha256=${answer}` })
  })

  test('is answered with the key that verified it, and with the first where none did', async () => {
    const secrets = ['new secret', SECRET]
    const respond: Handshake['respond'] = { status: 200, body: { hmac: { hash: 'sha256', encoding: 'hex' } } }
    const validation: Handshake = { ...verification, respond }
    const { send } = await sourceWith({ handshakes: [validation, { ...crc, respond }] }, { secrets })
    const hmac = (secret: string, text: string): string => createHmac('sha256', secret).update(text).digest('hex')
    expect((await send(signed('{"type":"url_verification","challenge":"c"}'))).body).toBe(hmac(SECRET, 'c'))
    expect((await send(get('crc_token=c'))).body).toBe(hmac('new secret', 'c'))
  })

  test.each(['{"amount":1}', 'a.b', 'v0:1:{}', 'a'.repeat(61)])(
    'is not answered for what an event could be: %s',
    async (text) => {
      const { send } = await sourceWith({ handshakes: [crc] })
      expect((await send(get(`crc_token=${encodeURIComponent(text)}`))).status).toBe(400)
    },
  )
})

describe('a handshake that wants a hash', () => {
  const code: Handshake = {
    name: 'challenge_code',
    when: [{ method: 'GET' }, { from: 'query', name: 'challenge_code' }],
    challenge: { from: 'query', name: 'challenge_code', alphabet: '0-9a-f', maxLength: 64 },
    respond: {
      status: 200,
      contentType: 'application/json; charset=utf-8',
      body: {
        json: {
          challengeResponse: { digest: { hash: 'sha256', encoding: 'hex', of: ['challenge', 'verifyToken', 'url'] } },
        },
      },
    },
    examples,
  }

  test('is answered with that of the texts, and the URL under which the provider knows the endpoint', async () => {
    const { send } = await sourceWith(
      { handshakes: [code] },
      { publicUrl: 'https://acme.example/in/', handshake: { verifyToken: 'tökén' } },
    )
    const reply = await send(get('challenge_code=abc123'))
    const digest = createHash('sha256').update('abc123tökénhttps://acme.example/in/hooks').digest('hex')
    expect(JSON.parse(reply.body)).toEqual({ challengeResponse: digest })
    expect(reply.headers['content-type']).toBe('application/json; charset=utf-8')
  })

  test('needs to know that URL', () => {
    const sources = { acme: { connector: connectorOf({ handshakes: [code] }), secrets: [SECRET] } }
    expect(() => createReceiver(receiverOptions({ sources }))).toThrow(/sources\.acme\.publicUrl/)
  })
})

describe('the answer to a handshake', () => {
  test('may be put together, with headers, and with the public key of the account', async () => {
    const respond: Handshake['respond'] = {
      status: 200,
      headers: { 'x-echo': { value: 'challenge' } },
      body: { concat: [{ value: 'publicKey' }, { literal: '|' }, { hmac: { hash: 'sha256', encoding: 'hex' } }] },
    }
    const webhook: Partial<WebhookDescription> = { handshakes: [{ ...crc, respond }] }
    const { send } = await sourceWith(webhook, { handshake: { publicKey: 'pk_1' } })
    const answer = createHmac('sha256', SECRET).update('c').digest('hex')
    expect(await send(get('crc_token=c'))).toMatchObject({ headers: { 'x-echo': 'c' }, body: `pk_1|${answer}` })
    const without = await sourceWith(webhook)
    expect(problemOf(await without.send(get('crc_token=c')))).toMatchObject({
      status: 500,
      reason: 'public_key_not_set',
    })
  })
})

describe('methods', () => {
  test.each(['GET', 'HEAD', 'PUT', 'DELETE', 'OPTIONS', 'post', ''])(
    '%s is refused where the connector has only events',
    async (method) => {
      const { send } = await sourceWith({})
      expect(await send({ method })).toMatchObject({ status: 405, headers: { allow: 'POST' } })
    },
  )

  test('are those of the events and the handshakes', async () => {
    const head: Handshake = { name: 'head', when: [{ method: 'HEAD' }], respond: { status: 200 }, examples }
    const { send } = await sourceWith({ handshakes: [echo, head] })
    expect(await send({ method: 'HEAD' })).toMatchObject({ status: 200, body: '' })
    expect(await send({ method: 'PUT' })).toMatchObject({ status: 405, headers: { allow: 'GET, HEAD, POST' } })
    expect(problemOf(await send({ method: 'GET' }))).toMatchObject({ status: 400, reason: 'not_a_handshake' })
  })
})

test('Nothing of a handshake is told to listeners but its name', async () => {
  const { send, events } = await sourceWith({ handshakes: [subscription] }, { handshake: { verifyToken: 'my-token' } })
  await send(get('mode=subscribe&token=my-token&challenge=424242'))
  await send(get('mode=subscribe&token=guessed&challenge=424242'))
  const told = JSON.stringify(events.events)
  for (const text of ['my-token', 'guessed', '424242']) expect(told).not.toContain(text)
})

test('Handshakes are answered while the receiver runs, as everything is', async () => {
  const sources = { acme: { connector: connectorOf({ handshakes: [echo] }), secrets: [SECRET] } }
  const receiver = createReceiver(receiverOptions({ sources }))
  const request = { ...get('challenge=a'), headers: [], body: null }
  expect((await receiver.accept('acme', request)).status).toBe(503)
  await receiver.start()
  expect((await receiver.accept('acme', request)).status).toBe(200)
  await receiver.stop()
})

test('Handshakes are answered over Request and Response', async () => {
  const { receiver } = await sourceWith({ handshakes: [echo] })
  const response = await receiver.handle('acme', new Request('https://acme.example/hooks?challenge=a'))
  expect(response.status).toBe(200)
  expect(response.headers.get('content-type')).toBe('text/plain')
  expect(await response.text()).toBe('a')
})
