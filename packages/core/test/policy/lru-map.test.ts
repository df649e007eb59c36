import { describe, expect, it } from 'vitest'
import { LruMap } from '../../src/policy/lru-map.ts'

function lru(capacity: number) {
  const map = new LruMap<string>(capacity)
  return { map, touch: (...keys: string[]) => keys.forEach((key) => map.getOrCreate(key, (k) => `<${k}>`)) }
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

  it('evicts what is needed only when everything is', () => {
    const needed = new Set(['<a>', '<b>'])
    const evicted: string[] = []
    const map = new LruMap<string>(3, {
      isNeeded: (value) => needed.has(value),
      onEvicted: (value) => evicted.push(value),
    })
    const touch = (key: string) => map.getOrCreate(key, (k) => `<${k}>`)
    for (const key of ['a', 'b', 'c', 'd']) touch(key)
    expect(evicted).toEqual(['<c>'])
    needed.add('<d>')
    touch('e')
    // Also when the newest is the only one that nobody needs: it is about to be used.
    expect(evicted).toEqual(['<c>', '<a>'])
    expect([...map.values()]).toEqual(['<b>', '<d>', '<e>'])
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
