import { createHmac } from 'node:crypto'
import stripeConnector from '@holdfast/adapters/connectors/stripe'
import { createVerifier } from '@holdfast/webhook-receiver'
import fc from 'fast-check'
import Stripe from 'stripe'
import { describe, expect, test } from 'vitest'
import { awkwardTexts, bytesOf, invalidUtf8, largestBody, withOneWrongCharacter } from './awkward-bodies.ts'

const SECRET = 'whsec_not_base64_but_the_key_itself'
const SIGNED_AT_S = 1_764_000_000
const { webhooks } = new Stripe('sk_test_unused')
const verifier = createVerifier({ connector: stripeConnector, secrets: [SECRET] })

function sign(payload: string, timestamp = SIGNED_AT_S, secret = SECRET): string {
  return webhooks.generateTestHeaderString({ payload, secret, timestamp })
}

function verify(header: string, body: Uint8Array, receivedAt = SIGNED_AT_S * 1000) {
  return verifier.verify({ headers: [['Stripe-Signature', header]], body, receivedAt })
}

function stripeAccepts(header: string, payload: string, receivedAt = SIGNED_AT_S * 1000): boolean {
  try {
    return webhooks.signature?.verifyHeader(payload, header, SECRET, 300, undefined, receivedAt) === true
  } catch {
    return false
  }
}

describe('the stripe connector', () => {
  test.each(awkwardTexts)('verifies what stripe-node signed: %s', async (_title, text) => {
    expect(await verify(sign(text), bytesOf(text))).toMatchObject({ ok: true, bound: ['timestamp', 'body', 'id'] })
  })

  test('agrees with stripe-node on any body and any wrong character', async () => {
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: 'grapheme', minLength: 1 }), fc.nat(), async (text, place) => {
        const header = sign(text)
        const at = header.indexOf('v1=') + 3 + (place % 64)
        const wrong = header.slice(0, at) + (header[at] === '0' ? '1' : '0') + header.slice(at + 1)
        expect([await isOk(header, text), stripeAccepts(header, text)]).toEqual([true, true])
        expect([await isOk(wrong, text), stripeAccepts(wrong, text)]).toEqual([false, false])
      }),
      { numRuns: 100 },
    )
  })

  test('finds the right one of two v1 in both orders, and ignores v0', async () => {
    const right = sign('{}').split(',v1=')[1] ?? ''
    const wrong = sign('{}', SIGNED_AT_S, 'another').split(',v1=')[1] ?? ''
    for (const header of [
      `t=${SIGNED_AT_S},v1=${right},v1=${wrong},v0=${wrong}`,
      `t=${SIGNED_AT_S},v1=${wrong},v1=${right},v0=${wrong}`,
      `v1=${wrong},v1=${right},t=${SIGNED_AT_S}`,
    ]) {
      expect([await isOk(header, '{}'), stripeAccepts(header, '{}')]).toEqual([true, true])
    }
    expect(await isOk(`t=${SIGNED_AT_S},v0=${right}`, '{}')).toBe(false)
  })

  test('refuses a changed body, timestamp or signature', async () => {
    const header = sign('{"amount":100}')
    for (const wrong of withOneWrongCharacter(header, '1')) expect(await isOk(wrong, '{"amount":100}')).toBe(false)
    expect(await isOk(header, '{"amount":101}')).toBe(false)
  })

  test('agrees with stripe-node on what is too old, to the second', async () => {
    const header = sign('{}')
    for (const [ageS, accepted] of [
      [299, true],
      [300, true],
      [301, false],
    ] as const) {
      const receivedAt = (SIGNED_AT_S + ageS) * 1000
      expect((await verify(header, bytesOf('{}'), receivedAt)).ok).toBe(accepted)
      expect(stripeAccepts(header, '{}', receivedAt)).toBe(accepted)
    }
  })

  test('refuses a timestamp far in the future, which stripe-node accepts', async () => {
    const nextYear = SIGNED_AT_S + 365 * 86_400
    expect(await verify(sign('{}', nextYear), bytesOf('{}'))).toMatchObject({ reason: 'future_timestamp' })
    expect(stripeAccepts(sign('{}', nextYear), '{}')).toBe(true)
  })

  test('verifies bytes that are not UTF-8 and 25 MB', async () => {
    for (const body of [invalidUtf8, largestBody]) {
      const signature = createHmac('sha256', SECRET).update(`${SIGNED_AT_S}.`).update(body).digest('hex')
      expect(await verify(`t=${SIGNED_AT_S},v1=${signature}`, body)).toMatchObject({ ok: true })
    }
  })
})

async function isOk(header: string, text: string): Promise<boolean> {
  return (await verify(header, bytesOf(text))).ok
}
