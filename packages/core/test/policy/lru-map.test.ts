import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { LruMap } from '../../src/policy/lru-map.ts'

function lru(capacity: number, isNeeded?: (value: string) => boolean) {
  const evicted: string[] = []
  const map = new LruMap<string>(capacity, {
    ...(isNeeded === undefined ? {} : { isNeeded }),
    onEvicted: (value) => evicted.push(value),
  })
  return { map, evicted, touch: (...keys: string[]) => keys.forEach((key) => map.getOrCreate(key, (k) => `<${k}>`)) }
}

describe('LruMap', () => {
  it('makes an entry once', () => {
    const { map } = lru(2)
    let made = 0
    const get = () => map.getOrCreate('a', () => `${++made}`)
    expect([get(), get()]).toEqual(['1', '1'])
    map.getOrCreate('b', () => 'b')
    expect(get()).toBe('1')
  })

  it('evicts what was used least recently', () => {
    const { map, touch } = lru(2)
    touch('a', 'b', 'a', 'c')
    expect([...map.values()]).toEqual(['<a>', '<c>'])
  })

  it('evicts in the order of creation where nothing was used again', () => {
    const { evicted, touch } = lru(3)
    touch('a', 'b', 'c', 'd', 'e', 'f', 'g')
    expect(evicted).toEqual(['<a>', '<b>', '<c>', '<d>'])
  })

  it('keeps what is used again and again, whatever else comes by once', () => {
    const { evicted, touch } = lru(4)
    touch('a', 'b')
    for (let n = 0; n < 100; n++) touch('a', `${n}`, 'b')
    expect(evicted).toHaveLength(98)
    expect(evicted).not.toContain('<a>')
    expect(evicted).not.toContain('<b>')
  })

  it('lets go of what was used often, when it is not any more', () => {
    const { map, touch } = lru(3)
    for (let n = 0; n < 100; n++) touch('a', 'b', 'c')
    touch('d', 'e', 'f')
    expect([...map.values()].toSorted()).toEqual(['<d>', '<e>', '<f>'])
  })

  it('never evicts the newest entry', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 6 }),
        fc.array(fc.nat(9)),
        fc.array(fc.nat(9)),
        (capacity, keys, needed) => {
          const { map, touch, evicted } = lru(capacity, (value) => needed.includes(Number(value.slice(1, -1))))
          for (const [index, key] of keys.entries()) {
            const before = evicted.length
            touch(`${key}`)
            expect(map.get(`${key}`)).toBe(`<${key}>`)
            const values = [...map.values()]
            expect(values).toHaveLength(Math.min(capacity, new Set(values).size))
            expect(evicted.length - before).toBeLessThanOrEqual(1)
            expect(values.length + evicted.length).toBeLessThanOrEqual(index + 1)
          }
        },
      ),
    )
  })

  it('evicts what is needed only when everything is', () => {
    const needed = new Set(['<a>', '<b>'])
    const { map, touch, evicted } = lru(3, (value) => needed.has(value))
    touch('a', 'b', 'c', 'd')
    expect(evicted).toEqual(['<c>'])
    needed.add('<d>')
    touch('e')
    // Also when the newest is the only one that nobody needs: it is about to be used.
    expect(evicted).toEqual(['<c>', '<a>'])
    expect([...map.values()].toSorted()).toEqual(['<b>', '<d>', '<e>'])
  })

  it('evicts what nobody needs, though it was used last', () => {
    const { touch, evicted } = lru(3, (value) => value !== '<c>')
    touch('a', 'b', 'c', 'c', 'd')
    expect(evicted).toEqual(['<c>'])
  })

  it('forgets everything when it is cleared', () => {
    const { map, touch } = lru(2)
    touch('a', 'b')
    map.clear()
    expect([...map.values()]).toEqual([])
    touch('b')
    expect([...map.values()]).toEqual(['<b>'])
  })
})
