import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createBacklogKeys } from '../../src/gateway/backlog-keys.ts'

describe('createBacklogKeys', () => {
  it('knows which keys wait, and lets unordered requests pass', () => {
    const keys = createBacklogKeys(0, 10)
    keys.add('a')
    keys.add('a')
    keys.add(undefined)
    keys.remove('a')
    expect([keys.has('a'), keys.has('b'), keys.has(undefined), keys.size]).toEqual([true, false, false, 2])
    keys.remove('a')
    keys.remove(undefined)
    expect([keys.has('a'), keys.size]).toEqual([false, 0])
  })

  it('lets every key wait for what an earlier run left', () => {
    const keys = createBacklogKeys(2, 10)
    keys.removeInherited()
    expect([keys.has('a'), keys.size]).toEqual([true, 1])
    keys.removeInherited()
    expect([keys.has('a'), keys.size]).toEqual([false, 0])
    keys.removeInherited()
    expect(keys.size).toBe(0)
  })

  it('never says that a key does not wait which does, however few keys it may tell apart', () => {
    const key = fc.constantFrom('a', 'b', 'c', 'd', undefined)
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.boolean(), key)), fc.integer({ min: 1, max: 3 }), (steps, maxKeys) => {
        const keys = createBacklogKeys(0, maxKeys)
        const model: (string | undefined)[] = []
        for (const [adds, each] of steps) {
          if (adds) {
            keys.add(each)
            model.push(each)
          } else if (model.includes(each)) {
            keys.remove(each)
            model.splice(model.indexOf(each), 1)
          }
          expect(keys.size).toBe(model.length)
          for (const waiting of model) if (waiting !== undefined) expect(keys.has(waiting)).toBe(true)
          if (model.length === 0) expect(keys.has('a')).toBe(false)
        }
      }),
    )
  })
})
