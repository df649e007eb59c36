import { createFetch } from '@holdfast/core'
import { fakeClock, scriptedFetch, seededRandom } from '@holdfast/core/testing'
import { describe, expect, test } from 'vitest'
import stripe from '../../src/connectors/stripe.ts'

const api = 'https://api.stripe.com'
const intents = `${api}/v1/payment_intents`

/** How long a call waits that begins when another one has just been refused. */
async function waitAfter(reason: string, refused: string, other: string): Promise<number> {
  const clock = fakeClock()
  const fetch = createFetch({
    connector: stripe,
    fetch: scriptedFetch([
      () =>
        Response.json(
          { error: { type: 'invalid_request_error', code: 'rate_limit' } },
          { status: 429, headers: { 'stripe-rate-limited-reason': reason } },
        ),
      () => new Response('{}'),
    ]),
    clock,
    random: seededRandom(7),
  })
  const first = fetch(refused)
  await clock.advance(0)
  const startedMs = clock.monotonicMs()
  let tookMs = Infinity
  const second = fetch(other).then(() => {
    tookMs = clock.monotonicMs() - startedMs
  })
  await clock.runUntil(Promise.all([first, second]))
  return tookMs
}

describe('a 429 of Stripe', () => {
  test('for the rate of the account holds every call back', async () => {
    expect(await waitAfter('global-rate', `${intents}/pi_1`, 'https://api.stripe.com/v1/customers')).toBeGreaterThan(
      900,
    )
  })

  test.each([
    ['the same endpoint with another id', `${intents}/pi_2`, 900],
    ['another endpoint of the same collection', intents, 0],
    ['another collection', 'https://api.stripe.com/v1/customers/cus_1', 0],
  ])('for the rate of an endpoint holds that endpoint back and no other: %s', async (_, other, atLeastMs) => {
    const waitedMs = await waitAfter('endpoint-rate', `${intents}/pi_1`, other)
    expect(waitedMs).toBeGreaterThanOrEqual(atLeastMs)
    expect(waitedMs).toBeLessThan(atLeastMs === 0 ? 1 : 2_000)
  })

  test.each([
    ['/v1/checkout/sessions/cs_1', '/v1/checkout/sessions/cs_2'],
    ['/v1/issuing/cards/ic_1', '/v1/issuing/cards/ic_2'],
    ['/v1/issuing/authorizations/iauth_1/approve', '/v1/issuing/authorizations/iauth_2/approve'],
    ['/v1/test_helpers/treasury/outbound_payments/obp_1', '/v1/test_helpers/treasury/outbound_payments/obp_2'],
    ['/v1/test_helpers/test_clocks/clock_1/advance', '/v1/test_helpers/test_clocks/clock_2/advance'],
  ])('for the rate of an endpoint holds it back whatever the id: %s, %s', async (refused, other) => {
    expect(await waitAfter('endpoint-rate', api + refused, api + other)).toBeGreaterThanOrEqual(900)
  })

  test.each([
    ['/v1/issuing/cards', '/v1/issuing/authorizations'],
    ['/v1/issuing/cards/ic_1', '/v1/issuing/cardholders/ich_1'],
    ['/v1/checkout/sessions/cs_1', '/v1/checkout/sessions'],
    ['/v1/terminal/readers/tmr_1/cancel_action', '/v1/terminal/readers/tmr_1/process_payment_intent'],
  ])(
    'for the rate of an endpoint in a group of collections holds no other one back: %s, %s',
    async (refused, other) => {
      expect(await waitAfter('endpoint-rate', api + refused, api + other)).toBe(0)
    },
  )

  test('for one object holds no other object back', async () => {
    expect(await waitAfter('resource-specific', `${intents}/pi_1`, `${intents}/pi_2`)).toBe(0)
  })

  test.each(['global-concurrency', 'endpoint-concurrency'])(
    'for too many calls at a time is over when one of them ends: %s',
    async (reason) => {
      const clock = fakeClock()
      const counts = { active: 0, refused: 0 }
      const fetch = createFetch({
        connector: stripe,
        clock,
        random: seededRandom(7),
        fetch: async () => {
          const isRefused = counts.active >= 3
          if (isRefused) counts.refused++
          else counts.active++
          await clock.sleep(isRefused ? 20 : 100)
          if (!isRefused) counts.active--
          return isRefused
            ? new Response('{}', { status: 429, headers: { 'stripe-rate-limited-reason': reason } })
            : new Response('{}')
        },
      })
      const statuses = Array.from({ length: 12 }, async () => (await fetch(`${intents}/pi_1`)).status)
      expect(new Set(await clock.runUntil(Promise.all(statuses)))).toEqual(new Set([200]))
      // Those of the first round that were too many, and none after them; four rounds of 100 ms.
      expect(counts.refused).toBe(9)
      expect(clock.monotonicMs()).toBe(400)
    },
  )
})
