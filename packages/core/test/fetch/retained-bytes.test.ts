import { fork } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'

const HOST = 'a host'

describe('what createFetch keeps of an idle host', () => {
  let bytes: Readonly<Record<string, number>> = {}
  const bytesOf = (name: string): number => bytes[name] ?? Number.NaN

  beforeAll(async () => {
    const child = fork(join(import.meta.dirname, 'retained-bytes-process.ts'), { execArgv: ['--expose-gc'] })
    const [told] = (await once(child, 'message')) as [Readonly<Record<string, number>>]
    bytes = told
  }, 60_000)

  it.each([HOST, 'a host whose first URL was long'])(
    'is less than a kilobyte for %s with no more than a bulkhead',
    (name) => {
      expect(bytesOf(name)).toBeLessThanOrEqual(1_024)
    },
  )

  it.each([
    'a breaker',
    'a breaker after a failure',
    'a breaker one failure before it opens',
    'an open breaker',
    'a bucket',
    'a bucket that was told',
    'a bucket that was declared',
  ])('is at most two kilobytes more for %s', (name) => {
    expect(bytesOf(name) - bytesOf(HOST)).toBeLessThanOrEqual(2_048)
  })

  it.each([
    'a bucket with all the calls that it remembers',
    'a bucket that was told, with all the calls that it remembers',
  ])('is at most three kilobytes more for %s', (name) => {
    expect(bytesOf(name) - bytesOf(HOST)).toBeLessThanOrEqual(3_072)
  })
})
