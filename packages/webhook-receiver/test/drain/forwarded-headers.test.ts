import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { defaultForwardedHeaders, headerRule } from '../../src/drain/forwarded-headers.ts'

const names = (rule: readonly string[], sent: readonly string[]): string[] =>
  [...headerRule(rule)(sent.map((name) => [name, 'v'] as const)).keys()].toSorted()

describe('headerRule', () => {
  test('lets through what describes the body and what providers of webhooks add', () => {
    const sent = [
      'Content-Type',
      'Content-Encoding',
      'User-Agent',
      'X-GitHub-Event',
      'X-Hub-Signature-256',
      'Stripe-Signature',
      'webhook-id',
      'Webhook-Signature',
      'Linear-Delivery',
      'Paddle-Signature',
      'Twitch-Eventsub-Message-Id',
    ]
    expect(names(defaultForwardedHeaders, sent)).toEqual(sent.map((name) => name.toLowerCase()).toSorted())
  })

  test('lets nothing through that belongs to somebody else, whatever is asked for', () => {
    const sent = [
      'Authorization',
      'Proxy-Authorization',
      'Cookie',
      'X-Gitlab-Token',
      'X-Telegram-Bot-Api-Secret-Token',
      'X-Goog-Channel-Token',
      'X-Api-Key',
      'X-Auth-Token',
      'X-Shared-Secret',
      'Host',
      'Connection',
      'Transfer-Encoding',
      'Content-Length',
      'X-Forwarded-For',
      'X-Real-IP',
      'Idempotency-Key',
      'Holdfast-Attempt',
      'TE',
    ]
    expect(names(defaultForwardedHeaders, sent)).toEqual([])
    expect(names(['*'], sent)).toEqual([])
  })

  test('lets through exactly the names that are given', () => {
    expect(names(['a-*', 'b', '*.c'], ['a-1', 'A-', 'xa-1', 'B', 'bb', 'x.c', 'xxc'])).toEqual([
      'a-',
      'a-1',
      'b',
      'x.c',
    ])
    expect(names([], ['a', 'content-type'])).toEqual([])
  })

  test('keeps repeated headers in order, and passes over what is no legal header', () => {
    const headers = headerRule(['x-*'])([
      ['X-A', '1'],
      ['X-B', 'bad\nvalue'],
      ['x-a', '2'],
    ])
    expect([...headers]).toEqual([['x-a', '1, 2']])
  })

  test('docs/destinations.md lists the names', () => {
    const page = readFileSync(new URL('../../../../docs/destinations.md', import.meta.url), 'utf8')
    for (const name of defaultForwardedHeaders) expect(page).toContain(`\`${name}\``)
  })
})
