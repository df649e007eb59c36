import { describe, expect, it } from 'vitest'
import { resolveHedgeOptions } from '../../src/hedge/hedge-options.ts'

describe('resolveHedgeOptions', () => {
  it('sends one more unless told otherwise', () => {
    expect(resolveHedgeOptions({ delayMs: 50 })).toEqual({ delayMs: 50, maxHedges: 1 })
  })

  it.each([
    [{}, '`hedge.delayMs`'],
    [{ delayMs: 0 }, '`hedge.delayMs`'],
    [{ delayMs: 50, maxHedges: 0 }, '`hedge.maxHedges`'],
    [{ delayMs: 50, maxHedges: 6 }, '`hedge.maxHedges`'],
    [{ delayMs: 50, percentile: 95 }, '`hedge.percentile`'],
  ])('refuses %j', (options, message) => {
    expect(() => resolveHedgeOptions(options as never)).toThrow(message)
  })
})
