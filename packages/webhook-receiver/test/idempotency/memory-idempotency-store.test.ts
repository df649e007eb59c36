import { fakeClock } from '@holdfast/core/testing'
import { describe, expect, test } from 'vitest'
import { memoryIdempotencyStore } from '../../src/idempotency/memory-idempotency-store.ts'
import type { IdempotencyHarness } from '../../src/testing/conformance/idempotency-case.ts'
import { idempotencyStoreConformance } from '../../src/testing/idempotency-store-conformance.ts'

const harness: IdempotencyHarness = {
  create: async () => {
    const clock = fakeClock()
    return {
      store: memoryIdempotencyStore({ clock }),
      advance: (ms) => clock.advance(ms),
      dispose: async () => {},
    }
  },
}

describe('memoryIdempotencyStore', () => {
  for (const { title, run } of idempotencyStoreConformance) test(title, () => run(harness))

  test('refuses options that it does not know', () => {
    expect(() => memoryIdempotencyStore({ ttl: 3 } as object)).toThrow('there is no option `ttl`')
  })
})
