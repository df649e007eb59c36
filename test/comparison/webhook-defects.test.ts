import { createHash, createHmac, generateKeyPairSync, randomBytes, sign as signWith } from 'node:crypto'
import clerk from '@holdfast/adapters/connectors/clerk'
import elevenlabs from '@holdfast/adapters/connectors/elevenlabs'
import github from '@holdfast/adapters/connectors/github'
import hubspot from '@holdfast/adapters/connectors/hubspot'
import mailgun from '@holdfast/adapters/connectors/mailgun'
import messagebird from '@holdfast/adapters/connectors/messagebird'
import paddle from '@holdfast/adapters/connectors/paddle'
import pagerduty from '@holdfast/adapters/connectors/pagerduty'
import sanity from '@holdfast/adapters/connectors/sanity'
import asymmetric from '@holdfast/adapters/connectors/standard-webhooks-asymmetric'
import standard from '@holdfast/adapters/connectors/standard-webhooks'
import twilio from '@holdfast/adapters/connectors/twilio'
import vercel from '@holdfast/adapters/connectors/vercel'
import workos from '@holdfast/adapters/connectors/workos'
import xero from '@holdfast/adapters/connectors/xero'
import zendesk from '@holdfast/adapters/connectors/zendesk'
import type { Connector } from '@holdfast/core'
import { createReceiver, createVerifier, type Receiver, type WebhookReply } from '@holdfast/webhook-receiver'
import { memoryBuffer } from '@holdfast/webhook-receiver/testing'
import { Webhook } from 'svix'
import { expect, test } from 'vitest'

/**
 * What was seen to go wrong in other verifiers of webhooks, input by input, and goes well here. docs/webhook-comparison.md says
 * whose they were.
 */
const SECRET = 'a secret'
const NOW_MS = 1_764_000_000_000
const NOW_S = NOW_MS / 1000
const UTF8_FORM = 'application/x-www-form-urlencoded; charset=utf-8'

type Headers = Readonly<Record<string, string>>

interface Sent {
  readonly headers: Headers
  readonly body: string | Uint8Array
  readonly url?: string
  readonly receivedAt?: number
}

function verify(connector: Connector, secret: string, { headers, body, url, receivedAt = NOW_MS }: Sent) {
  return createVerifier({ connector, secrets: [secret] }).verify({
    headers: Object.entries(headers),
    body: Buffer.from(body as string),
    receivedAt,
    ...(url === undefined ? {} : { url }),
  })
}

function hmac(
  hash: string,
  encoding: 'hex' | 'base64' | 'base64url',
  ...parts: readonly (string | Uint8Array)[]
): string {
  const mac = createHmac(hash, SECRET)
  for (const part of parts) mac.update(part)
  return mac.digest(encoding)
}

/** A running receiver of one source, and the ids of the events that it stored. */
async function receiving(connector: Connector, secret: string = SECRET, more: { readonly publicUrl?: string } = {}) {
  const ids: string[] = []
  const receiver = createReceiver({
    buffer: memoryBuffer({ maxEventBytes: 32 * 1024 * 1024 }),
    sources: { one: { connector, secrets: [secret], toleranceMs: 1e13, ...more } },
    destinations: { all: { handle: () => {} } },
  })
  receiver.on('webhook:accepted', ({ id }) => void ids.push(id))
  await receiver.start()
  return { receiver, ids, [Symbol.asyncDispose]: () => receiver.stop() }
}

function send(receiver: Receiver, headers: Headers, body: string | Uint8Array): Promise<WebhookReply> {
  const bytes = Buffer.from(body as string)
  return receiver.accept('one', { method: 'POST', url: '/hook', headers: Object.entries(headers), body: bytes })
}

test('a Svix body with $$ and $& is hashed as it is', async () => {
  const secret = `whsec_${randomBytes(24).toString('base64')}`
  for (const body of ['{"price":"$$5"}', '{"match":"$&"}', "$` $' $1 $<name>"]) {
    const signature = new Webhook(secret).sign('msg_1', new Date(NOW_MS), body)
    const headers = { 'svix-id': 'msg_1', 'svix-timestamp': String(NOW_S), 'svix-signature': signature }
    expect(await verify(clerk, secret, { headers, body })).toMatchObject({ ok: true })
  }
})

test('a Vercel signature is an HMAC with SHA-1', async () => {
  const body = '{"id":"evt"}'
  const headers = { 'x-vercel-signature': hmac('sha1', 'hex', body) }
  expect(await verify(vercel, SECRET, { headers, body })).toMatchObject({ ok: true })
})

test('fifty Sanity signatures in base64url verify, fifty times', async () => {
  for (let index = 0; index < 50; index++) {
    const body = JSON.stringify({ index, random: randomBytes(16).toString('hex') })
    const signature = hmac('sha256', 'base64url', `${NOW_MS}.${body}`)
    const headers = { 'sanity-webhook-signature': `t=${NOW_MS},v1=${signature}` }
    expect(await verify(sanity, SECRET, { headers, body })).toMatchObject({ ok: true })
  }
})

test('a Zendesk timestamp is an ISO time', async () => {
  const body = '{"id":"evt"}'
  const time = '2025-11-24T16:00:00Z'
  const headers = {
    'x-zendesk-webhook-signature': hmac('sha256', 'base64', time, body),
    'x-zendesk-webhook-signature-timestamp': time,
  }
  expect(await verify(zendesk, SECRET, { headers, body })).toMatchObject({ ok: true })
})

test('PagerDuty signs with two keys while they are exchanged, in either order', async () => {
  const body = '{"event":{"id":"evt"}}'
  const signature = `v1=${hmac('sha256', 'hex', body)}`
  const other = `v1=${'0'.repeat(64)}`
  for (const value of [`${signature},${other}`, `${other},${signature}`]) {
    expect(await verify(pagerduty, SECRET, { headers: { 'x-pagerduty-signature': value }, body })).toMatchObject({
      ok: true,
    })
  }
})

test('the delivery id of GitHub, which nobody signs, is not the whole key of an event', async () => {
  await using source = await receiving(github)
  for (const body of ['{"captured":true}', '{"genuine":true}']) {
    const headers = { 'x-hub-signature-256': `sha256=${hmac('sha256', 'hex', body)}`, 'x-github-delivery': 'next' }
    expect((await send(source.receiver, headers, body)).status).toBe(200)
  }
  const digest = createHash('sha256').update('{"captured":true}').digest('hex')
  expect(source.ids).toHaveLength(2)
  expect(source.ids[0]).toBe(`next:${digest}`)
})

test('a retry without an id that was signed anew is the same event', async () => {
  await using source = await receiving(elevenlabs)
  const body = '{"type":"done"}'
  for (const time of [NOW_S, NOW_S + 60]) {
    const headers = { 'elevenlabs-signature': `t=${time},v0=${hmac('sha256', 'hex', `${time}.${body}`)}` }
    expect((await send(source.receiver, headers, body)).status).toBe(200)
  }
  expect(source.receiver.snapshot()).toMatchObject({ accepted: 1, duplicates: 1 })
})

test('a GitHub signature in upper-case hexadecimal is one', async () => {
  const headers = { 'x-hub-signature-256': `sha256=${hmac('sha256', 'hex', '{}').toUpperCase()}` }
  expect(await verify(github, SECRET, { headers, body: '{}' })).toMatchObject({ ok: true })
})

test('a GitHub body of 1.1 MB, and one of 25 MB, is taken', async () => {
  await using source = await receiving(github)
  for (const size of [1_100_000, 25 * 1024 * 1024]) {
    const body = Buffer.alloc(size, 'a')
    const headers = { 'x-hub-signature-256': `sha256=${hmac('sha256', 'hex', body)}`, 'x-github-delivery': `${size}` }
    expect((await send(source.receiver, headers, body)).status).toBe(200)
  }
  expect(source.ids).toHaveLength(2)
})

test('a Twilio form with a name that comes twice verifies', async () => {
  const url = 'https://example.com/sms'
  const headers = {
    'content-type': UTF8_FORM,
    'x-twilio-signature': hmac('sha1', 'base64', `${url}Bodyhi`, 'MediaUrla', 'MediaUrlb'),
  }
  const body = 'MediaUrl=b&Body=hi&MediaUrl=a'
  expect(await verify(twilio, SECRET, { headers, body, url })).toMatchObject({ ok: true })
})

test('a Twilio form that was signed with the port :443 verifies', async () => {
  const headers = {
    'content-type': UTF8_FORM,
    'x-twilio-signature': hmac('sha1', 'base64', 'https://example.com:443/smsBodyhi'),
  }
  const sent = { headers, body: 'Body=hi', url: 'https://example.com/sms' }
  expect(await verify(twilio, SECRET, sent)).toMatchObject({ ok: true })
})

test('HubSpot signs %3A in a URL as a colon', async () => {
  const body = '[]'
  const signature = hmac('sha256', 'base64', `POSThttps://example.com/hook?at=12:30${body}${NOW_MS}`)
  const headers = { 'x-hubspot-signature-v3': signature, 'x-hubspot-request-timestamp': String(NOW_MS) }
  const sent = { headers, body, url: 'https://example.com/hook?at=12%3A30' }
  expect(await verify(hubspot, SECRET, sent)).toMatchObject({ ok: true })
})

test('a Standard Webhook with a signature v1a alone verifies', async () => {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519')
  const key = publicKey.export({ type: 'spki', format: 'der' }).subarray(-32).toString('base64')
  const signature = signWith(null, Buffer.from(`msg_1.${NOW_S}.{}`), privateKey).toString('base64')
  const headers = { 'webhook-id': 'msg_1', 'webhook-timestamp': String(NOW_S), 'webhook-signature': `v1a,${signature}` }
  expect(await verify(asymmetric, `whpk_${key}`, { headers, body: '{}' })).toMatchObject({ ok: true })
})

test('a Mailgun body that was forged around a genuine signature is not called signed', async () => {
  const signature = { timestamp: '1', token: 'abc', signature: hmac('sha256', 'hex', '1abc') }
  const body = JSON.stringify({ signature, 'event-data': { event: 'forged' } })
  const result = await verify(mailgun, SECRET, { headers: {}, body })
  expect(result).toMatchObject({ ok: true, strength: 'partial' })
  expect(result.ok && result.bound).not.toContain('body')
  const aged = createVerifier({ connector: mailgun, secrets: [SECRET], toleranceMs: 300_000 })
  expect(await aged.verify({ headers: [], body: Buffer.from(body), receivedAt: NOW_MS })).toMatchObject({
    reason: 'stale_timestamp',
  })
})

test('Paddle signs with two keys while they are exchanged, in either order', async () => {
  const body = '{"event_id":"evt"}'
  const signature = `h1=${hmac('sha256', 'hex', `${NOW_S}:${body}`)}`
  const other = `h1=${'0'.repeat(64)}`
  for (const value of [`${signature};${other}`, `${other};${signature}`]) {
    const headers = { 'paddle-signature': `ts=${NOW_S};${value}` }
    expect(await verify(paddle, SECRET, { headers, body })).toMatchObject({ ok: true })
  }
})

test('a stored Paddle event verifies again later, for its five seconds are counted to its arrival', async () => {
  const body = '{"event_id":"evt"}'
  const headers = { 'paddle-signature': `ts=${NOW_S};h1=${hmac('sha256', 'hex', `${NOW_S}:${body}`)}` }
  expect(await verify(paddle, SECRET, { headers, body, receivedAt: NOW_MS + 5_000 })).toMatchObject({ ok: true })
  expect(await verify(paddle, SECRET, { headers, body, receivedAt: NOW_MS + 6_000 })).toMatchObject({ ok: false })
})

test('an invalid MessageBird token is refused, and nothing behind the receiver hears of it', async () => {
  await using source = await receiving(messagebird, 'a signing key that is long enough', {
    publicUrl: 'https://example.com',
  })
  for (const token of ['', 'a.b.c', 'eyJhbGciOiJub25lIn0.e30.', 'not a token at all']) {
    expect((await send(source.receiver, { 'messagebird-signature-jwt': token }, '{}')).status).toBe(401)
  }
  expect(source.receiver.snapshot()).toMatchObject({ accepted: 0, refused: 4 })
})

test('a WorkOS body is hashed as it came, not as JSON is written anew', async () => {
  const body = '{ "id": "evt", "amount": 1.0 }'
  const headers = { 'workos-signature': `t=${NOW_MS}, v1=${hmac('sha256', 'hex', `${NOW_MS}.${body}`)}` }
  expect(await verify(workos, SECRET, { headers, body })).toMatchObject({ ok: true })
  const rewritten = JSON.stringify(JSON.parse(body))
  expect(await verify(workos, SECRET, { headers, body: rewritten })).toMatchObject({ ok: false })
})

test('a Standard Webhook comes as a Uint8Array', async () => {
  const key = randomBytes(24)
  const body = Uint8Array.of(0x7b, 0xff, 0x7d)
  const signature = createHmac('sha256', key).update(`msg_1.${NOW_S}.`).update(body).digest('base64')
  const headers = { 'webhook-id': 'msg_1', 'webhook-timestamp': String(NOW_S), 'webhook-signature': `v1,${signature}` }
  const verifier = createVerifier({ connector: standard, secrets: [`whsec_${key.toString('base64')}`] })
  const request = { headers: Object.entries(headers), body, receivedAt: NOW_MS }
  expect(await verifier.verify(request)).toMatchObject({ ok: true })
})

test('a Xero signature has its slashes', async () => {
  let body = '{}'
  let signature = hmac('sha256', 'base64', body)
  for (let index = 0; !signature.includes('/'); index++) {
    body = `{"index":${index}}`
    signature = hmac('sha256', 'base64', body)
  }
  expect(await verify(xero, SECRET, { headers: { 'x-xero-signature': signature }, body })).toMatchObject({ ok: true })
  for (const wrong of [signature.replace('/', ''), `/${signature}`, `${signature}/`]) {
    expect(await verify(xero, SECRET, { headers: { 'x-xero-signature': wrong }, body })).toMatchObject({ ok: false })
  }
})

test('ids of several values are not made equal by where one ends', async () => {
  const composed: Connector = {
    id: 'composed',
    name: 'Composed',
    sources: [],
    webhook: {
      verify: [
        {
          scheme: 'hmac',
          hash: 'sha256',
          encoding: 'hex',
          secret: { encoding: 'utf8' },
          signature: { from: 'header', name: 'x-signature' },
          message: [{ part: 'body' }],
        },
      ],
      eventId: { from: 'body', pointer: '/a', signed: true, with: [{ from: 'body', pointer: '/b' }] },
    },
  }
  await using source = await receiving(composed)
  for (const body of ['{"a":"x","b":"yz"}', '{"a":"xy","b":"z"}']) {
    await send(source.receiver, { 'x-signature': hmac('sha256', 'hex', body) }, body)
  }
  expect(source.ids).toHaveLength(2)
})

test('an event that comes a hundred times at once is stored once', async () => {
  await using source = await receiving(github)
  const headers = { 'x-hub-signature-256': `sha256=${hmac('sha256', 'hex', '{}')}`, 'x-github-delivery': 'one' }
  const replies = await Promise.all(Array.from({ length: 100 }, () => send(source.receiver, headers, '{}')))
  expect(new Set(replies.map(({ status }) => status))).toEqual(new Set([200]))
  expect(source.receiver.snapshot()).toMatchObject({ accepted: 1, duplicates: 99 })
})
