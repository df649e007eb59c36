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

  it('forgets everything when it is cleared', () => {
    const { map, touch } = lru(2)
    touch('a', 'b')
    map.clear()
    expect([...map.values()]).toEqual([])
    touch('b')
    expect([...map.values()]).toEqual(['<b>'])
  })
})
