import { createHmac } from 'node:crypto'
import { createRequire } from 'node:module'
import adyenPlatform from '@holdfast/adapters/connectors/adyen-platform'
import bitbucket from '@holdfast/adapters/connectors/bitbucket'
import coinbaseCommerce from '@holdfast/adapters/connectors/coinbase-commerce'
import gocardless from '@holdfast/adapters/connectors/gocardless'
import hookdeck from '@holdfast/adapters/connectors/hookdeck'
import intercom from '@holdfast/adapters/connectors/intercom'
import jira from '@holdfast/adapters/connectors/jira'
import line from '@holdfast/adapters/connectors/line'
import meta from '@holdfast/adapters/connectors/meta'
import notion from '@holdfast/adapters/connectors/notion'
import razorpay from '@holdfast/adapters/connectors/razorpay'
import square from '@holdfast/adapters/connectors/square'
import type { Connector } from '@holdfast/core'
import { validateSignature as validateLineSignature } from '@line/bot-sdk'
import { signWebhookPayload, verifyWebhookSignature } from '@notionhq/client'
import { verifySignature as verifyGocardless } from 'gocardless-nodejs/webhooks'
import { WebhooksHelper } from 'square'
import { describe, expect, test } from 'vitest'
import { describeOracle, type Oracle, verifyDelivery } from './oracle-suite.ts'

const SECRET = 'a secret of the provider & more'
const HEX_KEY = '44782DEF547AAA06C910C43932B1EB0C71FC68D9D0C057550C48EC2ACF6BA056'
const URL = 'https://hooks.example.com/in?shop=1'
const require = createRequire(import.meta.url)

// Packages without types, or with types for another kind of module than they are.
const { default: HmacValidator } = require('@adyen/api-library/lib/src/utils/hmacValidator') as {
  default: new () => {
    calculateHmac(body: string, key: string): string
    validateHMACSignature(key: string, signature: string, body: string): boolean
  }
}
const XHubSignature = require('x-hub-signature') as new (
  algorithm: string,
  secret: string,
) => { sign(body: string): string; verify(signature: string, body: string): boolean }
const { validateWebhookSignature: validateRazorpay } = require('razorpay/dist/utils/razorpay-utils') as {
  validateWebhookSignature(body: string, signature: string, secret: string): boolean
}
const { Webhook: coinbaseWebhook } = require('coinbase-commerce-node') as {
  Webhook: {
    verifySigHeader(body: string, signature: string, secret: string): boolean
    computeSignature(body: string, secret: string): string
  }
}
const { verifyWebhookSignature: verifyHookdeck } = require('@hookdeck/sdk/webhooks/helpers') as {
  verifyWebhookSignature(options: {
    headers: Readonly<Record<string, string>>
    rawBody: string
    signingSecret: string
  }): Promise<{ isValidSignature: boolean }>
}

type Accepts = (body: string, signature: string) => unknown

/** A library for a signature over the body alone, or the URL and the body. */
function oracle(
  library: string,
  connector: Connector,
  signature: string,
  sign: (body: string) => string | Promise<string>,
  accepts: Accepts,
  own: Partial<Oracle> = {},
): Oracle {
  return {
    library,
    connector,
    source: { secrets: ['a retired one', SECRET] },
    signature,
    sign: async (body) => ({ headers: { [signature]: await sign(body) }, body, url: URL }),
    accepts: ({ headers, body }) => accepts(body, headers[signature] ?? ''),
    ...own,
  }
}

const hmac = (encoding: 'hex' | 'base64') => (body: string) =>
  createHmac('sha256', SECRET).update(body).digest(encoding)

const adyen = new HmacValidator()

const xHub = (connector: Connector, algorithm: 'sha1' | 'sha256'): Oracle => {
  const signer = new XHubSignature(algorithm, SECRET)
  return oracle(
    'x-hub-signature',
    connector,
    connector === meta ? 'x-hub-signature-256' : 'x-hub-signature',
    (body) => signer.sign(body),
    (body, signature) => signer.verify(signature, body),
    { from: '=' },
  )
}

const oracles: readonly Oracle[] = [
  oracle('razorpay', razorpay, 'x-razorpay-signature', hmac('hex'), (body, signature) =>
    validateRazorpay(body, signature, SECRET),
  ),
  oracle('@line/bot-sdk', line, 'x-line-signature', hmac('base64'), (body, signature) =>
    validateLineSignature(body, SECRET, signature),
  ),
  oracle(
    '@notionhq/client',
    notion,
    'x-notion-signature',
    (body) => signWebhookPayload({ body, verificationToken: SECRET }),
    (body, signature) => verifyWebhookSignature({ body, signature, verificationToken: SECRET }),
    { from: '=' },
  ),
  oracle('gocardless-nodejs', gocardless, 'webhook-signature', hmac('hex'), (body, signature) =>
    verifyGocardless(body, SECRET, signature),
  ),
  oracle(
    'coinbase-commerce-node',
    coinbaseCommerce,
    'x-cc-webhook-signature',
    (body) => coinbaseWebhook.computeSignature(body, SECRET),
    (body, signature) => coinbaseWebhook.verifySigHeader(body, signature, SECRET),
  ),
  oracle('@hookdeck/sdk', hookdeck, 'x-hookdeck-signature', hmac('base64'), async (rawBody, signature) => {
    const headers = { 'x-hookdeck-signature': signature }
    return (await verifyHookdeck({ headers, rawBody, signingSecret: SECRET })).isValidSignature
  }),
  oracle(
    '@adyen/api-library',
    adyenPlatform,
    'hmacsignature',
    (body) => adyen.calculateHmac(body, HEX_KEY),
    (body, signature) => adyen.validateHMACSignature(HEX_KEY, signature, body),
    { source: { secrets: [HEX_KEY] } },
  ),
  oracle(
    'square',
    square,
    'x-square-hmacsha256-signature',
    (body) => createHmac('sha256', SECRET).update(URL).update(body).digest('base64'),
    (requestBody, signatureHeader) =>
      WebhooksHelper.verifySignature({ requestBody, signatureHeader, signatureKey: SECRET, notificationUrl: URL }),
  ),
  xHub(intercom, 'sha1'),
  xHub(bitbucket, 'sha256'),
  xHub(jira, 'sha256'),
  xHub(meta, 'sha256'),
]

for (const each of oracles) describeOracle(each)

describe('the square connector and square', () => {
  test('say the same of another URL', async () => {
    const signature = createHmac('sha256', SECRET).update(`${URL}{}`).digest('base64')
    for (const [url, accepted] of [
      [URL, true],
      [URL.replace('shop', 'shops'), false],
    ] as const) {
      const delivery = { headers: { 'x-square-hmacsha256-signature': signature }, body: '{}', url }
      const ours = await verifyDelivery({ connector: square, source: { secrets: [SECRET] } }, delivery)
      const asked = { requestBody: '{}', signatureHeader: signature, signatureKey: SECRET, notificationUrl: url }
      expect([ours.ok, await WebhooksHelper.verifySignature(asked)]).toEqual([accepted, accepted])
    }
  })
})
