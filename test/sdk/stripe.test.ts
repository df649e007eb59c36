import { createFetch, type FetchOptions } from '@holdfast/core'
import type { FlakyUpstream } from '@holdfast/core/testing'
import Stripe from 'stripe'
import { describe, expect, it } from 'vitest'
import { fastClock } from './fast-clock.ts'
import { scriptedServer } from './scripted-server.ts'

const options: FetchOptions = { clock: fastClock, deadlineMs: false, attemptTimeoutMs: false }
const customer = { id: 'cus_1', object: 'customer' }

function stripeOver(server: FlakyUpstream, fetchOptions: FetchOptions): Stripe {
  return new Stripe('sk_test_holdfast', {
    httpClient: Stripe.createFetchHttpClient(createFetch({ ...options, ...fetchOptions })),
    // One owner of retries.
    maxNetworkRetries: 0,
    protocol: 'http',
    host: '127.0.0.1',
    port: server.port,
  })
}

describe('Stripe over createFetch', () => {
  it('creates a customer once with one key through a reset, a 500 and a rate limit', async () => {
    const server = await scriptedServer(
      { fault: 'reset' },
      { status: 500, body: { error: { message: 'oops' } } },
      { status: 429, headers: { 'retry-after': '1' }, body: { error: { message: 'slow' } } },
      { body: customer },
    )
    const stripe = stripeOver(server, { idempotency: {}, retry: { maxAttempts: 4 } })
    expect(await stripe.customers.create({ email: 'a@example.com' })).toMatchObject(customer)
    const keys = server.requests.map(({ headers }) => headers['idempotency-key'])
    expect(keys).toHaveLength(4)
    expect(new Set(keys).size).toBe(1)
    expect(new Set(server.requests.map(({ text }) => text))).toEqual(new Set(['email=a%40example.com']))
  })

  it('does not repeat what Stripe says must not be repeated', async () => {
    const server = await scriptedServer({
      status: 500,
      headers: { 'stripe-should-retry': 'false' },
      body: { error: { message: 'no' } },
    })
    await expect(stripeOver(server, {}).customers.retrieve('cus_1')).rejects.toMatchObject({ statusCode: 500 })
    expect(server.requests).toHaveLength(1)
  })

  it('repeats what Stripe says may be repeated', async () => {
    const server = await scriptedServer(
      { status: 409, headers: { 'stripe-should-retry': 'true' }, body: { error: { message: 'lock_timeout' } } },
      { body: customer },
    )
    expect(await stripeOver(server, {}).customers.update('cus_1', { name: 'A' })).toMatchObject(customer)
    expect(server.requests).toHaveLength(2)
  })
})
