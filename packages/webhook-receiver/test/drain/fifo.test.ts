import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createFifo } from '../../src/drain/fifo.ts'

describe('createFifo', () => {
  test('behaves as an array does, at any length', () => {
    const steps = fc.array(fc.oneof(fc.integer({ min: 1, max: 2000 }), fc.integer({ min: -2000, max: -1 })), {
      maxLength: 12,
    })
    fc.assert(
      fc.property(steps, (counts) => {
        const fifo = createFifo<number>()
        const model: number[] = []
        let next = 0
        for (const count of counts) {
          for (let step = 0; step < Math.abs(count); step++) {
            if (count > 0) {
              fifo.push(next)
              model.push(next++)
            } else if (fifo.shift() !== model.shift()) throw new Error('another item came out')
          }
          expect(fifo.size).toBe(model.length)
          expect(fifo.peek()).toBe(model[0])
        }
      }),
      { numRuns: 50 },
    )
  })
})
