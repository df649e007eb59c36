import { describe, expect, it } from 'vitest'
import { LruMap } from '../../src/policy/lru-map.ts'

function lru(capacity: number) {
  const evicted: string[] = []
  const map = new LruMap<string>(capacity, (value) => evicted.push(value))
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
    const { map, evicted, touch } = lru(2)
    touch('a', 'b', 'a', 'c')
    expect(evicted).toEqual(['<b>'])
    expect([...map.values()]).toEqual(['<a>', '<c>'])
  })

  it('evicts everything when it is cleared', () => {
    const { map, evicted, touch } = lru(2)
    touch('a', 'b')
    map.clear()
    expect(evicted).toEqual(['<a>', '<b>'])
    touch('b')
    expect([...map.values()]).toEqual(['<b>'])
  })
})
