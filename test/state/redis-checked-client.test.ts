import { redisBuffer, redisIdempotencyStore, redisStateStore } from '@holdfast/adapters/redis'
import { InvalidOptionsError } from '@holdfast/core'
import { Redis } from 'ioredis'
import { createClient } from 'redis'
import { describe, expect, onTestFinished, test } from 'vitest'

const stores: Readonly<Record<string, (client: never) => unknown>> = {
  redisBuffer: (client) => redisBuffer(client, { name: 'inbox' }),
  redisIdempotencyStore: (client) => redisIdempotencyStore(client),
  redisStateStore: (client) => redisStateStore(client),
}

describe.each(Object.entries(stores))('%s', (_, make) => {
  test.each([
    [undefined, '`undefined`'],
    ['redis://:the-password@localhost', '`"redis://…@localhost"` (string)'],
    [() => undefined, 'a function'],
    [{ url: 'redis://localhost' }, 'an object with keys url'],
  ])('refuses what is no client: %o', (given, got) => {
    const wrong = `Expected \`client\` to be a client of ioredis, iovalkey, node-redis or Bun, got ${got}.`
    expect(() => make(given as never)).toThrow(InvalidOptionsError)
    expect(() => make(given as never)).toThrow(wrong)
  })

  test('takes the clients, which need not be connected yet', () => {
    const ioredis = new Redis({ lazyConnect: true })
    onTestFinished(() => ioredis.disconnect())
    expect(() => make(ioredis as never)).not.toThrow()
    expect(() => make(createClient() as never)).not.toThrow()
  })
})

test('redisBuffer names the connection that is to wait for disks when it is none', () => {
  const client = new Redis({ lazyConnect: true })
  onTestFinished(() => client.disconnect())
  expect(() => redisBuffer(client, { name: 'inbox', waitAof: {} as never })).toThrow(
    'Expected `waitAof.client` to be a client of ioredis, iovalkey, node-redis or Bun, got `undefined`.',
  )
})

test('redisBuffer says of a client that was not connected what it is', async () => {
  await expect(redisBuffer(createClient(), { name: 'inbox' }).open()).rejects.toMatchObject({
    reason: 'buffer_failed',
    message: 'The client of Redis is closed, or was not connected yet.',
  })
})
