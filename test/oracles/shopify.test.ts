import '@shopify/shopify-api/adapters/node'
import { createHmac } from 'node:crypto'
import shopify from '@holdfast/adapters/connectors/shopify'
import { createVerifier } from '@holdfast/webhook-receiver'
import { ApiVersion, LogSeverity, shopifyApi } from '@shopify/shopify-api'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { awkwardTexts, bytesOf, invalidUtf8, largestBody } from './awkward-bodies.ts'

const SECRET = 'hush'
const { webhooks } = shopifyApi({
  apiKey: 'unused',
  apiSecretKey: SECRET,
  hostName: 'app.example',
  apiVersion: Object.values(ApiVersion)[0] as ApiVersion,
  isEmbeddedApp: false,
  logger: { level: LogSeverity.Error, log: () => {} },
})
const verifier = createVerifier({ connector: shopify, secrets: [SECRET] })

// Shopify's library verifies only; OpenSSL, through node:crypto, signs.
const sign = (body: string | Uint8Array): string => createHmac('sha256', SECRET).update(body).digest('base64')

async function isOk(signature: string, body: Uint8Array): Promise<boolean> {
  const headers = [['X-Shopify-Hmac-Sha256', signature]] as const
  return (await verifier.verify({ headers, body, receivedAt: 0 })).ok
}

async function shopifyAccepts(signature: string, rawBody: string): Promise<boolean> {
  const headers = {
    'x-shopify-hmac-sha256': signature,
    'x-shopify-topic': 'orders/create',
    'x-shopify-shop-domain': 'shop.myshopify.com',
    'x-shopify-api-version': '2026-10',
    'x-shopify-webhook-id': 'b54557e4-bdd9-4b37-8a5f-bf7d70bcd043',
  }
  return (await webhooks.validate({ rawBody, rawRequest: { headers, method: 'POST', url: '/' } })).valid
}

describe('the shopify connector', () => {
  test.each(awkwardTexts)('agrees with @shopify/shopify-api: %s', async (_title, text) => {
    expect(await shopifyAccepts(sign(text), text)).toBe(true)
    expect(await isOk(sign(text), bytesOf(text))).toBe(true)
  })

  test('agrees with @shopify/shopify-api on any body and any wrong character', async () => {
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: 'grapheme', minLength: 1 }), fc.nat(42), async (text, place) => {
        const right = sign(text)
        const wrong = right.slice(0, place) + (right[place] === 'A' ? 'B' : 'A') + right.slice(place + 1)
        expect([await isOk(right, bytesOf(text)), await shopifyAccepts(right, text)]).toEqual([true, true])
        expect([await isOk(wrong, bytesOf(text)), await shopifyAccepts(wrong, text)]).toEqual([false, false])
      }),
      { numRuns: 50 },
    )
  })

  test('verifies bytes that are not UTF-8, an empty body, 25 MB, and base64 without padding', async () => {
    for (const body of [invalidUtf8, new Uint8Array(0), largestBody]) {
      expect(await isOk(sign(body), body)).toBe(true)
      expect(await isOk(sign(body).replaceAll('=', ''), body)).toBe(true)
    }
  })
})
