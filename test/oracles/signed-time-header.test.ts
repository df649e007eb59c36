import { createHmac } from 'node:crypto'
import box from '@holdfast/adapters/connectors/box'
import twitch from '@holdfast/adapters/connectors/twitch'
import webflow from '@holdfast/adapters/connectors/webflow'
import { EventSubMiddleware } from '@twurple/eventsub-http'
import { WebhooksManager } from 'box-node-sdk/lib/managers/webhooks'
import { describe, expect, test } from 'vitest'
import { WebflowClient } from 'webflow-api'
import { answersOf, describeOracle, NOW, type Oracle, useSigningTime } from './oracle-suite.ts'

const SECRET = 'a secret of the provider & more'
const secrets = ['a retired one', SECRET]
const hmac = (text: string, encoding: 'hex' | 'base64'): string =>
  createHmac('sha256', SECRET).update(text).digest(encoding)

const boxOracle: Oracle = {
  library: 'box-node-sdk',
  connector: box,
  source: { secrets },
  signature: 'box-signature-primary',
  maxAgeMs: 600_000,
  refusesFuture: true,
  sign: (body, at) => {
    const time = new Date(at).toISOString().replace('.000Z', 'Z')
    return {
      headers: {
        'box-delivery-timestamp': time,
        'box-signature-version': '1',
        'box-signature-algorithm': 'HmacSHA256',
        'box-signature-primary': hmac(body + time, 'base64'),
      },
      body,
    }
  },
  accepts: ({ headers, body }) => WebhooksManager.validateMessage(body, { ...headers }, SECRET),
}

// The method is private: who uses the library has it called with a request.
const { _verifyData: verifyTwitch } = EventSubMiddleware.prototype as unknown as {
  _verifyData(this: { readonly _secret: string }, id: string, time: string, body: string, signature: string): boolean
}

const twitchOracle: Oracle = {
  library: '@twurple/eventsub-http',
  connector: twitch,
  source: { secrets },
  signature: 'twitch-eventsub-message-signature',
  from: '=',
  sign: (body, at) => {
    const [id, time] = ['befa7b53-d79d-478f-86b9-120f112b044e', new Date(at).toISOString()]
    return {
      headers: {
        'twitch-eventsub-message-id': id,
        'twitch-eventsub-message-timestamp': time,
        'twitch-eventsub-message-signature': `sha256=${hmac(id + time + body, 'hex')}`,
      },
      body,
    }
  },
  accepts: ({ headers, body }) =>
    verifyTwitch.call(
      { _secret: SECRET },
      headers['twitch-eventsub-message-id'] ?? '',
      headers['twitch-eventsub-message-timestamp'] ?? '',
      body,
      headers['twitch-eventsub-message-signature'] ?? '',
    ),
}

const { webhooks: webflowWebhooks } = new WebflowClient({ accessToken: 'unused' })

const webflowOracle: Oracle = {
  library: 'webflow-api',
  connector: webflow,
  source: { secrets },
  signature: 'x-webflow-signature',
  sign: (body, at) => ({
    headers: { 'x-webflow-timestamp': String(at), 'x-webflow-signature': hmac(`${at}:${body}`, 'hex') },
    body,
  }),
  accepts: ({ headers, body }) => webflowWebhooks.verifySignature({ headers: { ...headers }, body, secret: SECRET }),
}

for (const oracle of [boxOracle, twitchOracle, webflowOracle]) describeOracle(oracle)

describe('where libraries differ from us', () => {
  useSigningTime()

  test('Box’s refuses a time a second ahead of its own clock', async () => {
    expect(await answersOf(boxOracle, await boxOracle.sign('{}', NOW + 1_000))).toEqual([true, false])
  })

  test('Box’s accepts a body of which characters were unescaped after it was signed', async () => {
    const { headers, ...delivery } = await boxOracle.sign(String.raw`{"name":"\u00e9"}`, NOW)
    expect(await answersOf(boxOracle, { ...delivery, headers, body: '{"name":"é"}' })).toEqual([false, true])
  })

  test('Twitch’s judges no time here, and we the ten minutes that Twitch documents', async () => {
    expect(await answersOf(twitchOracle, await twitchOracle.sign('{}', NOW - 601_000))).toEqual([false, true])
  })
})
