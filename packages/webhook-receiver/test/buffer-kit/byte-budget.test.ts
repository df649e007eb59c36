import { expect, it } from 'vitest'
import { createByteBudget } from '../../src/buffer-kit/byte-budget.ts'

it('createByteBudget takes what fits, and anything while nothing waits', () => {
  const budget = createByteBudget(10, 'the server')
  budget.take(50)
  expect(() => budget.take(1)).toThrow(
    expect.objectContaining({
      reason: 'buffer_overloaded',
      message: '50 bytes wait for the server; no more are taken.',
      retryAfterMs: 1_000,
    }),
  )
  budget.giveBack(50)
  budget.take(6)
  budget.take(4)
  expect(() => budget.take(1)).toThrow('10 bytes wait')
})
