import { createHmac } from 'node:crypto'
import { createRequire } from 'node:module'
import adyen from '@holdfast/adapters/connectors/adyen'
import braintree from '@holdfast/adapters/connectors/braintree'
import mercadoPago from '@holdfast/adapters/connectors/mercado-pago'
import { signRequest } from '@holdfast/webhook-receiver/testing'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { NOW, oracleAccepts, useSigningTime, verifyDelivery } from './oracle-suite.ts'

const SECRET = 'a secret of the provider & more'
const HEX_KEY = '44782DEF547AAA06C910C43932B1EB0C71FC68D9D0C057550C48EC2ACF6BA056'
const require = createRequire(import.meta.url)

interface AdyenItem {
  readonly additionalData?: Readonly<Record<string, string>>
  readonly [field: string]: unknown
}

// Packages without types, or with types for another kind of module than they are.
const { default: HmacValidator } = require('@adyen/api-library/lib/src/utils/hmacValidator') as {
  default: new () => {
    calculateHmac(item: AdyenItem, key: string): string
    validateHMAC(item: AdyenItem, key: string): boolean
  }
}
const { WebhookSignatureValidator } = require('mercadopago') as {
  WebhookSignatureValidator: {
    validate(options: { xSignature: string; xRequestId?: string; dataId?: string; secret: string }): void
  }
}

interface BraintreeNotification {
  readonly bt_signature: string
  readonly bt_payload: string
}

const { BraintreeGateway, Environment } = require('braintree') as {
  BraintreeGateway: new (
    options: Readonly<Record<string, unknown>>,
  ) => {
    readonly webhookNotification: { parse(signature: string, payload: string): Promise<unknown> }
    readonly webhookTesting: { sampleNotification(kind: string, id: string): Promise<BraintreeNotification> }
  }
  Environment: { readonly Sandbox: unknown }
}

describe('the adyen connector and @adyen/api-library', () => {
  useSigningTime()

  const validator = new HmacValidator()
  const oracle = { connector: adyen, source: { secrets: ['00', HEX_KEY] } }
  const text = fc.string({ unit: 'grapheme' })
  const items = fc.record(
    {
      pspReference: text,
      originalReference: text,
      merchantAccountCode: text,
      merchantReference: text,
      amount: fc.record({ value: fc.integer(), currency: text }),
      eventCode: text,
      success: fc.constantFrom('true', 'false'),
      reason: text,
    },
    { requiredKeys: ['pspReference', 'merchantAccountCode', 'merchantReference', 'amount', 'eventCode', 'success'] },
  )
  const signed = (item: object): AdyenItem => ({
    ...item,
    additionalData: { hmacSignature: validator.calculateHmac(item as AdyenItem, HEX_KEY), other: 'x' },
  })
  const verify = async (...list: readonly AdyenItem[]): Promise<boolean> => {
    const notificationItems = list.map((NotificationRequestItem) => ({ NotificationRequestItem }))
    return (await verifyDelivery(oracle, { headers: {}, body: JSON.stringify({ live: 'false', notificationItems }) }))
      .ok
  }
  const accepts = (item: AdyenItem): Promise<boolean> =>
    oracleAccepts({ accepts: () => validator.validateHMAC(item, HEX_KEY) }, { headers: {}, body: '' })

  test('accept any item, and refuse it with another value in any field that is signed', async () => {
    await fc.assert(
      fc.asyncProperty(items, async (item) => {
        const good = signed(item)
        expect([await verify(good), await accepts(good)]).toEqual([true, true])
        for (const change of [
          { pspReference: `${item.pspReference}x` },
          { merchantAccountCode: `${item.merchantAccountCode}x` },
          { amount: { ...item.amount, value: item.amount.value + 1 } },
          { success: 'maybe' },
        ]) {
          const forged = { ...good, ...change }
          expect([await verify(forged), await accepts(forged)]).toEqual([false, false])
        }
        // What is not signed may change.
        expect([await verify({ ...good, reason: 'another' }), await accepts({ ...good, reason: 'x' })]).toEqual([
          true,
          true,
        ])
      }),
      { numRuns: 40 },
    )
  })

  test('the library accepts each item of what signRequest makes', async () => {
    const list = fc.sample(items, { numRuns: 3, seed: 2 })
    const body = {
      live: 'false',
      notificationItems: list.map((NotificationRequestItem) => ({ NotificationRequestItem })),
    }
    const { body: bytes } = await signRequest({ connector: adyen, key: HEX_KEY, body })
    const made = JSON.parse(new TextDecoder().decode(bytes)) as typeof body
    for (const { NotificationRequestItem: item } of made.notificationItems) expect(await accepts(item)).toBe(true)
  })

  test('refuse a body of which one item is not signed', async () => {
    const [one, two] = fc.sample(items, { numRuns: 2, seed: 1 }).map(signed) as [AdyenItem, AdyenItem]
    expect(await verify(one, two)).toBe(true)
    expect(await verify(one, { ...two, pspReference: 'another' })).toBe(false)
    expect(await verify(one, { ...two, additionalData: {} })).toBe(false)
    expect(await accepts({ ...two, additionalData: {} })).toBe(false)
  })
})

describe('the mercado-pago connector and mercadopago', () => {
  useSigningTime()

  const oracle = { connector: mercadoPago, source: { secrets: ['a retired one', SECRET] } }
  const REQUEST_ID = 'bb56a2f1-6aae-46ac-982e-9dcd3581d08e'
  const TIME = String(NOW / 1000)

  test.each([
    ['both', '123456', REQUEST_ID],
    ['an id with capitals, which is signed in lower case', 'ORD01JQ4S4KY8HWQ6NA5PXB65B3D3', REQUEST_ID],
    ['no request id', '123456', undefined],
    ['no id', undefined, REQUEST_ID],
    ['neither', undefined, undefined],
  ])('agree on a request with %s', async (_title, id, requestId) => {
    const dataId = id?.toLowerCase()
    const manifest = [
      ...(dataId === undefined ? [] : [`id:${dataId};`]),
      ...(requestId === undefined ? [] : [`request-id:${requestId};`]),
      `ts:${TIME};`,
    ].join('')
    const right = createHmac('sha256', SECRET).update(manifest).digest('hex')
    const wrong = right.replace(/.$/, (digit) => (digit === '0' ? '1' : '0'))
    for (const [hash, accepted] of [
      [right, true],
      [wrong, false],
    ] as const) {
      const xSignature = `ts=${TIME},v1=${hash}`
      const headers = { 'x-signature': xSignature, ...(requestId !== undefined && { 'x-request-id': requestId }) }
      const url = `https://hooks.example.com/in?type=payment${id === undefined ? '' : `&data.id=${id}`}`
      const ours = await verifyDelivery(oracle, { headers, body: '{}', url })
      const asked = {
        xSignature,
        secret: SECRET,
        ...(dataId !== undefined && { dataId }),
        ...(requestId !== undefined && { xRequestId: requestId }),
      }
      const theirs = await oracleAccepts(
        { accepts: () => WebhookSignatureValidator.validate(asked) },
        { headers, body: '' },
      )
      expect([ours.ok, theirs]).toEqual([accepted, accepted])
    }
  })
})

describe('signRequest', () => {
  useSigningTime()

  test('makes what mercadopago accepts', async () => {
    const url = 'https://hooks.example.com/in?data.id=ORD01&type=order'
    const { headers } = await signRequest({ connector: mercadoPago, key: SECRET, url, timestamp: NOW })
    const sent = Object.fromEntries(headers)
    const asked = {
      xSignature: sent['x-signature'] ?? '',
      xRequestId: sent['x-request-id'] ?? '',
      dataId: 'ord01',
      secret: SECRET,
    }
    expect(() => WebhookSignatureValidator.validate(asked)).not.toThrow()
  })
})

describe('the braintree connector and braintree', () => {
  useSigningTime()

  const gateway = new BraintreeGateway({
    environment: Environment.Sandbox,
    merchantId: 'merchant',
    publicKey: 'integration_public_key',
    privateKey: SECRET,
  })
  const oracle = { connector: braintree, source: { secrets: ['a retired one', SECRET] } }
  const verify = async (signature: string, payload: string): Promise<boolean> => {
    const body = new URLSearchParams({ bt_signature: signature, bt_payload: payload }).toString()
    return (await verifyDelivery(oracle, { headers: { 'content-type': 'application/x-www-form-urlencoded' }, body })).ok
  }
  const accepts = (signature: string, payload: string): Promise<boolean> =>
    oracleAccepts({ accepts: () => gateway.webhookNotification.parse(signature, payload) }, { headers: {}, body: '' })
  const kinds = ['check', 'subscription_canceled', 'dispute_opened', 'transaction_settled'] as const

  test.each(kinds)('accept what the library made as a sample: %s', async (kind) => {
    const { bt_signature: signature, bt_payload: payload } = await gateway.webhookTesting.sampleNotification(kind, 'id')
    expect([await verify(signature, payload), await accepts(signature, payload)]).toEqual([true, true])
    const others = [
      `other_public_key|${'0'.repeat(40)}&${signature}`,
      `${signature}&other_public_key|${'0'.repeat(40)}`,
    ]
    for (const several of others)
      expect([await verify(several, payload), await accepts(several, payload)]).toEqual([true, true])
  })

  test('the library accepts what signRequest makes, of the name that it has', async () => {
    const { bt_payload: payload } = await gateway.webhookTesting.sampleNotification('check', 'id')
    const form = new URLSearchParams({ bt_payload: payload })
    const { body } = await signRequest({ connector: braintree, key: SECRET, body: form })
    const sent = new URLSearchParams(new TextDecoder().decode(body))
    const signature = (sent.get('bt_signature') ?? '').replace(/^key/, 'integration_public_key')
    expect(await accepts(signature, sent.get('bt_payload') ?? '')).toBe(true)
  })

  test('refuse another payload and another signature', async () => {
    const { bt_signature: signature, bt_payload: payload } = await gateway.webhookTesting.sampleNotification(
      'check',
      'id',
    )
    const forged = `${payload.startsWith('A') ? 'B' : 'A'}${payload.slice(1)}`
    const spoiled = signature.replace(/.$/, (digit) => (digit === '0' ? '1' : '0'))
    expect([await verify(signature, forged), await accepts(signature, forged)]).toEqual([false, false])
    expect([await verify(spoiled, payload), await accepts(spoiled, payload)]).toEqual([false, false])
  })

  test('the library accepts a payload whose last line break was lost, and we want the one that was signed', async () => {
    const { bt_signature: signature, bt_payload: payload } = await gateway.webhookTesting.sampleNotification(
      'check',
      'id',
    )
    expect(payload.endsWith('\n')).toBe(true)
    expect([await verify(signature, payload.trimEnd()), await accepts(signature, payload.trimEnd())]).toEqual([
      false,
      true,
    ])
  })
})
