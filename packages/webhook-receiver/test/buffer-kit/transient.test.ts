import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { seededRandom } from '@holdfast/core/testing'
import { describe, expect, it } from 'vitest'
import { TransientMap, TransientSet } from '../../src/buffer-kit/transient.ts'

setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as (options: { readonly type: 'minor' }) => void

/** An entry that can be seen in the heap: 32 KiB. */
function large(): number[] {
  return Array.from<number>({ length: 4096 }).fill(0)
}

/** Bytes of the heap once the young generation was collected, and what had survived that once is in the old one. */
function heapBytes(): number {
  for (let times = 0; times < 3; times++) collect({ type: 'minor' })
  return process.memoryUsage().heapUsed
}

/** How many bytes are left of 64 MiB that came and went a little at a time, when only the young generation is collected. */
function bytesLeftOf(add: (item: number[]) => void, remove: (item: number[]) => void): number {
  const before = heapBytes()
  for (let times = 0; times < 32; times++) {
    const items = Array.from({ length: 64 }, large)
    for (const item of items) add(item)
    for (const item of items) remove(item)
    collect({ type: 'minor' })
  }
  return heapBytes() - before
}

describe('TransientMap', () => {
  it('keeps nothing alive that is gone', () => {
    const map = new TransientMap<unknown, number[]>()
    for (let key = 0; key < 10; key++) map.set(key, large())
    const left = bytesLeftOf(
      (item) => map.set(item, item),
      (item) => map.delete(item),
    )
    expect(map.size).toBe(10)
    expect(left).toBeLessThan(16 * 1024 * 1024)
  })

  it('copies no map that holds much', () => {
    const map = new TransientMap<number, number>()
    for (let key = 0; key < 20_000; key++) map.set(key, key)
    const entries = map[Symbol.iterator]()
    for (let key = 20_000; key < 80_000; key++) {
      map.set(key, key)
      map.delete(key)
    }
    // An iterator of the map that was there before would not see what was added to another one.
    map.set(80_000, 80_000)
    expect([...entries].at(-1)).toEqual([80_000, 80_000])
  })

  it('has what a Map would have, in the same order', () => {
    const random = seededRandom(1)
    const map = new TransientMap<number, number>()
    const expected = new Map<number, number>()
    for (let step = 0; step < 20_000; step++) {
      // Now many keys, now few, so that it begins anew at many sizes.
      const key = Math.floor(random.next() * (step % 2_000 < 1_000 ? 500 : 5))
      if (random.next() < 0.5) {
        map.set(key, step)
        expected.set(key, step)
      } else expect(map.delete(key)).toBe(expected.delete(key))
      expect(map.get(key)).toBe(expected.get(key))
      expect(map.size).toBe(expected.size)
      if (step % 100 === 0) expect([...map]).toEqual([...expected])
    }
  })
})

describe('TransientSet', () => {
  it('keeps nothing alive that is gone', () => {
    const set = new TransientSet<number[]>()
    for (let item = 0; item < 10; item++) set.add(large())
    const left = bytesLeftOf(
      (item) => set.add(item),
      (item) => set.delete(item),
    )
    expect(set.size).toBe(10)
    expect(left).toBeLessThan(16 * 1024 * 1024)
  })

  it('has what a Set would have, in the same order', () => {
    const random = seededRandom(2)
    const set = new TransientSet<number>()
    const expected = new Set<number>()
    for (let step = 0; step < 20_000; step++) {
      const item = Math.floor(random.next() * (step % 2_000 < 1_000 ? 500 : 5))
      if (random.next() < 0.5) {
        set.add(item)
        expected.add(item)
      } else expect(set.delete(item)).toBe(expected.delete(item))
      expect(set.has(item)).toBe(expected.has(item))
      expect(set.size).toBe(expected.size)
      if (step % 100 === 0) expect([...set]).toEqual([...expected])
    }
  })
})
