import { createHmac } from 'node:crypto'
import { createRequire } from 'node:module'
import linear from '@holdfast/adapters/connectors/linear'
import mux from '@holdfast/adapters/connectors/mux'
import paddle from '@holdfast/adapters/connectors/paddle'
import retell from '@holdfast/adapters/connectors/retell'
import sanity from '@holdfast/adapters/connectors/sanity'
import slack from '@holdfast/adapters/connectors/slack'
import workos from '@holdfast/adapters/connectors/workos'
import zoom from '@holdfast/adapters/connectors/zoom'
import { LinearWebhookClient } from '@linear/sdk/webhooks'
import Mux from '@mux/mux-node'
import { Paddle } from '@paddle/paddle-node-sdk'
import { assertValidSignature, encodeSignatureHeader } from '@sanity/webhook'
import { WorkOS } from '@workos-inc/node'
import { AwsLambdaReceiver } from '@zoom/rivet/meetings'
import fc from 'fast-check'
import { symmetric } from 'retell-sdk/lib/webhook_auth'
import { beforeAll, describe, expect, test, vi } from 'vitest'
import {
  answersOf,
  type Delivery,
  describeOracle,
  NOW,
  type Oracle,
  useSigningTime,
  verifyDelivery,
} from './oracle-suite.ts'

const SECRET = 'a secret of the provider & more'
const secrets = ['a retired one', SECRET]
const require = createRequire(import.meta.url)

const { isValidSlackRequest } = require('@slack/bolt/dist/receivers/verify-request') as {
  isValidSlackRequest(options: {
    signingSecret: string
    body: string
    headers: { 'x-slack-signature': string; 'x-slack-request-timestamp': number }
  }): boolean
}

const hmac = (text: string): string => createHmac('sha256', SECRET).update(text).digest('hex')
const seconds = (at: number): number => Math.floor(at / 1000)
const slackOracle: Oracle = {
  library: '@slack/bolt',
  connector: slack,
  source: { secrets },
  signature: 'x-slack-signature',
  from: '=',
  maxAgeMs: 300_000,
  sign: (body, at) => ({
    headers: {
      'x-slack-request-timestamp': String(seconds(at)),
      'x-slack-signature': `v0=${hmac(`v0:${seconds(at)}:${body}`)}`,
    },
    body,
  }),
  accepts: ({ headers, body }) =>
    isValidSlackRequest({
      signingSecret: SECRET,
      body,
      headers: {
        'x-slack-signature': headers['x-slack-signature'] ?? '',
        'x-slack-request-timestamp': Number(headers['x-slack-request-timestamp']),
      },
    }),
}

const { webhooks: paddleWebhooks } = new Paddle('unused')

const paddleOracle: Oracle = {
  library: '@paddle/paddle-node-sdk',
  connector: paddle,
  source: { secrets },
  signature: 'paddle-signature',
  from: 'h1=',
  maxAgeMs: 5_000,
  sign: (body, at) => ({
    headers: { 'paddle-signature': `ts=${seconds(at)};h1=${hmac(`${seconds(at)}:${body}`)}` },
    body,
  }),
  accepts: ({ headers, body }) => paddleWebhooks.isSignatureValid(body, SECRET, headers['paddle-signature'] ?? ''),
}

const { webhooks: workosWebhooks } = new WorkOS({ apiKey: 'unused', clientId: 'unused' })

const workosOracle: Oracle = {
  library: '@workos-inc/node',
  connector: workos,
  source: { secrets },
  signature: 'workos-signature',
  from: 'v1=',
  maxAgeMs: 180_000,
  sign: async (body, at) => ({
    headers: { 'workos-signature': `t=${at}, v1=${await workosWebhooks.computeSignature(at, body, SECRET)}` },
    body,
  }),
  accepts: ({ headers, body }) =>
    workosWebhooks.verifyHeader({ payload: body, sigHeader: headers['workos-signature'] ?? '', secret: SECRET }),
}

const { webhooks: muxWebhooks } = new Mux({ tokenId: 'unused', tokenSecret: 'unused' })

const muxOracle: Oracle = {
  library: '@mux/mux-node',
  connector: mux,
  source: { secrets },
  signature: 'mux-signature',
  from: 'v1=',
  maxAgeMs: 300_000,
  sign: (body, at) => ({
    headers: { 'mux-signature': `t=${seconds(at)},v1=${hmac(`${seconds(at)}.${body}`)}` },
    body,
  }),
  accepts: async ({ headers, body }) => {
    await muxWebhooks.verifySignature(body, headers, SECRET)
    return true
  },
}

const retellOracle: Oracle = {
  library: 'retell-sdk',
  connector: retell,
  source: { secrets },
  signature: 'x-retell-signature',
  from: 'd=',
  maxAgeMs: 300_000,
  refusesFuture: true,
  sign: async (body, at) => ({ headers: { 'x-retell-signature': await symmetric.sign(body, SECRET, at) }, body }),
  accepts: ({ headers, body }) => symmetric.verify(body, SECRET, headers['x-retell-signature'] ?? ''),
}

const sanityOracle: Oracle = {
  library: '@sanity/webhook',
  connector: sanity,
  source: { secrets },
  signature: 'sanity-webhook-signature',
  from: 'v1=',
  sign: async (body, at) => ({
    headers: { 'sanity-webhook-signature': await encodeSignatureHeader(body, at, SECRET) },
    body,
  }),
  accepts: async ({ headers, body }) => {
    await assertValidSignature(body, headers['sanity-webhook-signature'] ?? '', SECRET)
    return true
  },
}

const zoomReceiver = new AwsLambdaReceiver({ webhooksSecretToken: SECRET })

const zoomOracle: Oracle = {
  library: '@zoom/rivet',
  connector: zoom,
  source: { secrets },
  signature: 'x-zm-signature',
  from: '=',
  // It judges the body that it has parsed and written again: any text, in JSON as JavaScript writes it.
  sign: (text, at) => signZoom(JSON.stringify({ event: 'meeting.started', payload: { text } }), at),
  accepts: async ({ headers, body }) => {
    const handle = zoomReceiver.start() as (event: unknown) => Promise<{ readonly statusCode: number }>
    return (await handle({ headers, body, isBase64Encoded: false })).statusCode === 200
  },
}

function signZoom(body: string, at: number): Delivery {
  const time = seconds(at)
  return {
    headers: { 'x-zm-request-timestamp': String(time), 'x-zm-signature': `v0=${hmac(`v0:${time}:${body}`)}` },
    body,
  }
}

const linearClient = new LinearWebhookClient(SECRET)

const linearOracle: Oracle = {
  library: '@linear/sdk',
  connector: linear,
  source: { secrets },
  signature: 'linear-signature',
  maxAgeMs: 60_000,
  refusesFuture: true,
  bodies: fc.dictionary(fc.string(), fc.jsonValue()).map((value) => JSON.stringify(value)),
  takes: (text) => /^\{.*\}\s*$/s.test(text),
  sign: (text, at) => {
    // The time of signing is in the body, which else stays as it is.
    const body = text.replace(/\}\s*$/, `${/^\{\s*\}/.test(text) ? '' : ','}"webhookTimestamp":${at}}`)
    return { headers: { 'linear-signature': hmac(body) }, body }
  },
  accepts: ({ headers, body }) => linearClient.verify(Buffer.from(body), headers['linear-signature'] ?? ''),
}

// It writes every request to the console.
beforeAll(() => {
  vi.spyOn(console, 'debug').mockReturnValue()
})

for (const oracle of [
  slackOracle,
  paddleOracle,
  workosOracle,
  muxOracle,
  retellOracle,
  sanityOracle,
  zoomOracle,
  linearOracle,
])
  describeOracle(oracle)

describe('what libraries refuse and we accept', () => {
  useSigningTime()

  const withSignature = ({ headers, ...delivery }: Delivery, name: string, value: string): Delivery => ({
    ...delivery,
    headers: { ...headers, [name]: value },
  })

  test('Paddle: the right one of two signatures, while a secret is being replaced', async () => {
    const delivery = await paddleOracle.sign('{"a":1}', NOW)
    const header = delivery.headers['paddle-signature'] ?? ''
    const rotated = withSignature(delivery, 'paddle-signature', `${header};h1=${'0'.repeat(64)}`)
    expect(await answersOf(paddleOracle, rotated)).toEqual([true, false])
    const before = withSignature(delivery, 'paddle-signature', header.replace(';', `;h1=${'0'.repeat(64)};`))
    expect(await answersOf(paddleOracle, before)).toEqual([true, true])
  })

  test('WorkOS: the time behind the signature', async () => {
    const delivery = await workosOracle.sign('{"a":1}', NOW)
    const [time, signature] = (delivery.headers['workos-signature'] ?? '').split(', ')
    expect(await answersOf(workosOracle, withSignature(delivery, 'workos-signature', `${signature},${time}`))).toEqual([
      true,
      false,
    ])
  })

  test('Zoom: a body that is not written as JavaScript writes it', async () => {
    expect(await answersOf(zoomOracle, signZoom('{"event":"meeting.started"}', NOW))).toEqual([true, true])
    expect(await answersOf(zoomOracle, signZoom('{ "event": "meeting.started" }', NOW))).toEqual([true, false])
  })

  test('Sanity: padding, and upper-case letters where a signature is hexadecimal', async () => {
    const padded = await sanityOracle.sign('{}', NOW)
    const value = `${padded.headers['sanity-webhook-signature']}=`
    expect(await answersOf(sanityOracle, withSignature(padded, 'sanity-webhook-signature', value))).toEqual([
      true,
      false,
    ])
    const upper = await slackOracle.sign('{}', NOW)
    const hex = (upper.headers['x-slack-signature'] ?? '').slice(3).toUpperCase()
    expect(await answersOf(slackOracle, withSignature(upper, 'x-slack-signature', `v0=${hex}`))).toEqual([true, false])
  })
})

describe('what libraries accept and we refuse', () => {
  useSigningTime()

  test('Slack, Paddle and WorkOS: a time far in the future', async () => {
    const nextYear = NOW + 365 * 86_400_000
    for (const oracle of [slackOracle, paddleOracle, workosOracle]) {
      const delivery = await oracle.sign('{"a":1}', nextYear)
      expect(await answersOf(oracle, delivery)).toEqual([false, true])
      expect(await verifyDelivery(oracle, delivery)).toMatchObject({ reason: 'future_timestamp' })
    }
  })
})
