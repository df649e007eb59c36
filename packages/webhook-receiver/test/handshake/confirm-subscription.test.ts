import { type Connector, IntegrationError, InvalidOptionsError } from '@holdfast/core'
import { fakeClock } from '@holdfast/core/testing'
import { describe, expect, test } from 'vitest'
import {
  type ConfirmableEvent,
  type ConfirmOptions,
  confirmSubscription,
} from '../../src/handshake/confirm-subscription.ts'
import { connectorOf, plainScheme } from '../verify/sample-connectors.ts'

const link = 'https://sns.us-east-1.amazonaws.com/?Action=ConfirmSubscription&Token=t'

const connector: Connector = connectorOf([plainScheme], {
  handshakes: [
    {
      name: 'subscription_confirmation',
      when: [{ from: 'body', pointer: '/Type', equals: 'SubscriptionConfirmation' }],
      verified: true,
      store: true,
      respond: { status: 200 },
      confirm: { pointer: '/SubscribeURL', hosts: ['sns.*.amazonaws.com'] },
      examples: [{ source: 'test', request: { url: 'https://a.example/' }, response: { status: 200, body: '' } }],
    },
  ],
})

function eventOf(body: object): ConfirmableEvent {
  const bytes = new TextEncoder().encode(JSON.stringify(body))
  return { body: bytes, method: 'POST', rawHeaders: [], receivedAt: 0, url: 'https://a.example/' }
}

interface Call {
  readonly url: string
  readonly init: RequestInit
}

/** Confirms with a transport that gives one answer, and says what was called. */
async function confirm(
  body: object,
  answer: Response = new Response('<ConfirmSubscriptionResponse/>'),
  options: Partial<ConfirmOptions> = {},
): Promise<{ readonly confirmed: boolean; readonly calls: readonly Call[] }> {
  const calls: Call[] = []
  const confirmed = await confirmSubscription(eventOf(body), {
    connector,
    fetch: async (url, init) => {
      calls.push({ url, init })
      return answer
    },
    ...options,
  })
  return { confirmed, calls }
}

const asking = (SubscribeURL: unknown): object => ({ Type: 'SubscriptionConfirmation', SubscribeURL })

describe('confirmSubscription', () => {
  test('opens the link, and follows no redirect', async () => {
    const { confirmed, calls } = await confirm(asking(link))
    expect(confirmed).toBe(true)
    expect(calls).toMatchObject([{ url: link, init: { redirect: 'manual' } }])
    expect(calls[0]?.init.method ?? 'GET').toBe('GET')
  })

  test('does nothing about any other event', async () => {
    const { confirmed, calls } = await confirm({ Type: 'Notification', SubscribeURL: link })
    expect({ confirmed, calls }).toEqual({ confirmed: false, calls: [] })
  })

  test.each([
    ['http', link.replace('https', 'http')],
    ['another host', link.replace('amazonaws.com', 'evil.example')],
    ['a host that goes on', link.replace('.com/', '.com.evil.example/')],
    ['credentials', link.replace('https://', 'https://sns.us-east-1.amazonaws.com@evil.example/')],
    ['a password', link.replace('https://', 'https://a:b@')],
    ['a port', link.replace('.com/', '.com:8443/')],
    ['a backslash', link.replace('https://', 'https://evil.example\\')],
    ['a blank', `${link} `],
    ['no text', 7],
    ['nothing', undefined],
  ])('opens no link with %s', async (_title, other) => {
    const failure = confirm(asking(other), undefined, { fetch: () => Promise.reject(new Error('It was opened.')) })
    await expect(failure).rejects.toMatchObject({ code: 'schema_mismatch', reason: 'unexpected_link' })
  })

  test('shows nothing of a link that it does not open', async () => {
    const error: unknown = await confirm(asking('https://evil.example/?Token=secret')).catch(
      (thrown: unknown) => thrown,
    )
    expect(String(error)).not.toContain('evil')
  })

  test.each([
    [302, 'upstream_error'],
    [403, 'permission_denied'],
    [404, 'not_found'],
    [503, 'upstream_unavailable'],
  ])('fails with what a %s means', async (status, code) => {
    const answer = new Response('no', { status, headers: { location: 'http://169.254.169.254/' } })
    await expect(confirm(asking(link), answer)).rejects.toMatchObject({ code })
  })

  test('does not wait for a body, which ends only with that of which it is a clone', async () => {
    const original = new Response('<ConfirmSubscriptionResponse/>')
    expect((await confirm(asking(link), original.clone())).confirmed).toBe(true)
  })

  test('throws what the transport throws', async () => {
    const failure = confirm(asking(link), undefined, { fetch: () => Promise.reject(new TypeError('fetch failed')) })
    await expect(failure).rejects.toThrow('fetch failed')
  })

  test('gives up after its time, and aborts the call', async () => {
    const clock = fakeClock()
    const pending = confirm(asking(link), undefined, {
      clock,
      timeoutMs: 1_000,
      fetch: (_url, { signal }) =>
        new Promise((_resolve, reject) => signal?.addEventListener('abort', () => reject(new Error('aborted')))),
    })
    const outcome = expect(pending).rejects.toSatisfy(
      (error) => error instanceof IntegrationError && error.code === 'timeout',
    )
    await clock.advance(1_000)
    await outcome
  })

  test('refuses a connector that wants nothing to be confirmed', async () => {
    const failure = confirm(asking(link), undefined, { connector: connectorOf([plainScheme]) })
    await expect(failure).rejects.toBeInstanceOf(InvalidOptionsError)
  })
})
