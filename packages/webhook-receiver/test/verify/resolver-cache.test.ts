import { fakeClock } from '@holdfast/core/testing'
import { describe, expect, test } from 'vitest'
import { ResolverCache } from '../../src/verify/resolver-cache.ts'

/** A cache over answers that the test sets, and the keys that were asked for. */
function cacheOf(answer: (key: string, call: number) => unknown, maxEntries = 100) {
  const clock = fakeClock()
  const asked: string[] = []
  const cache = new ResolverCache<unknown>({
    load: (key) => answer(key, asked.push(key)),
    ttlMs: 1000,
    negativeTtlMs: 100,
    maxEntries,
    clock,
  })
  return { cache, clock, asked }
}

describe('ResolverCache', () => {
  test('keeps what was found until its time is over', async () => {
    const { cache, clock, asked } = cacheOf((_key, call) => call)
    expect(cache.get('a')).toMatchObject({ state: 'found', value: 1 })
    await clock.advance(999)
    expect(cache.get('a')).toMatchObject({ value: 1 })
    await clock.advance(1)
    expect(cache.get('a')).toMatchObject({ value: 2 })
    expect(asked).toEqual(['a', 'a'])
  })

  test('keeps for a shorter time that there is nothing', async () => {
    const { cache, clock, asked } = cacheOf((_key, call) => (call === 1 ? undefined : 'there now'))
    expect(cache.get('a')).toMatchObject({ state: 'absent' })
    await clock.advance(99)
    expect(cache.get('a')).toMatchObject({ state: 'absent' })
    await clock.advance(1)
    expect(cache.get('a')).toMatchObject({ state: 'found', value: 'there now' })
    expect(asked).toHaveLength(2)
  })

  test('asks again a second after it failed, whether by a rejection or by an exception', async () => {
    const { cache, clock, asked } = cacheOf((_key, call) => {
      if (call === 1) throw new Error('down')
      return call === 2 ? Promise.reject(new Error('still down')) : 'up'
    })
    expect(cache.get('a')).toMatchObject({ state: 'failed' })
    await clock.advance(999)
    expect(cache.get('a')).toMatchObject({ state: 'failed' })
    await clock.advance(1)
    expect(await cache.get('a')).toMatchObject({ state: 'failed' })
    await clock.advance(1000)
    expect(cache.get('a')).toMatchObject({ state: 'found', value: 'up' })
    expect(asked).toHaveLength(3)
  })

  test('looks a key up once for all who ask at the same time', async () => {
    const { cache, asked } = cacheOf(async (key) => key.toUpperCase())
    const answers = await Promise.all([cache.get('a'), cache.get('a'), cache.get('b')])
    expect(answers.map((answer) => answer.state === 'found' && answer.value)).toEqual(['A', 'A', 'B'])
    expect(asked).toEqual(['a', 'b'])
  })

  test('renews only what was found, and only when it is older than the negative time', async () => {
    const { cache, clock, asked } = cacheOf((key, call) => (key === 'none' ? undefined : call))
    expect(cache.renew('a')).toBeUndefined()
    await cache.get('a')
    await cache.get('none')
    await clock.advance(99)
    expect(cache.renew('a')).toBeUndefined()
    await clock.advance(1)
    expect(cache.renew('none')).toBeUndefined()
    expect(cache.renew('a')).toMatchObject({ state: 'found', value: 3 })
    expect(cache.renew('a')).toBeUndefined()
    expect(asked).toEqual(['a', 'none', 'a'])
  })

  test('keeps what it has where renewing fails, and does not try that for every request', async () => {
    const { cache, clock, asked } = cacheOf((_key, call) => {
      if (call === 1) return 'kept'
      throw new Error('down')
    })
    await cache.get('a')
    await clock.advance(100)
    expect(cache.renew('a')).toMatchObject({ state: 'failed' })
    expect(cache.renew('a')).toBeUndefined()
    expect(cache.get('a')).toMatchObject({ state: 'found', value: 'kept' })
    expect(asked).toHaveLength(2)
    await clock.advance(900)
    expect(cache.get('a')).toMatchObject({ state: 'failed' })
  })

  test('keeps those that were used last', async () => {
    const { cache, asked } = cacheOf((key) => key, 2)
    for (const key of ['a', 'b', 'a', 'c', 'a', 'b']) await cache.get(key)
    expect(asked).toEqual(['a', 'b', 'c', 'b'])
  })

  test('lets no flood of keys without a value drive out a real one', async () => {
    const { cache, asked } = cacheOf((key) => (key.startsWith('forged') ? undefined : key), 2)
    await cache.get('real')
    for (let index = 0; index < 100; index++) await cache.get(`forged ${index}`)
    await cache.get('real')
    expect(asked.filter((key) => key === 'real')).toHaveLength(1)
  })

  test('forgets everything, and what was on its way', async () => {
    const { cache, asked } = cacheOf(async (_key, call) => call)
    const before = cache.get('a')
    cache.clear()
    const after = cache.get('a')
    expect(await before).toMatchObject({ value: 1 })
    expect(await after).toMatchObject({ value: 2 })
    expect(cache.get('a')).toMatchObject({ value: 2 })
    expect(asked).toHaveLength(2)
  })
})
