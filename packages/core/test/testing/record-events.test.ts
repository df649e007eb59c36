import { describe, expect, it } from 'vitest'
import { type BaseEventMap, createEmitter } from '../../src/index.ts'
import { recordEvents } from '../../src/testing/index.ts'

interface Map extends BaseEventMap {
  'a:one': number
  'a:two': string
}

describe('recordEvents', () => {
  it('keeps names and payloads in order until it is stopped', () => {
    const emitter = createEmitter<Map>()
    const heard = recordEvents<Map>(emitter, ['a:one', 'a:two'])
    emitter.emit('a:two', 'x')
    emitter.emit('a:one', 1)
    emitter.emit('a:one', 2)
    heard.stop()
    emitter.emit('a:one', 3)
    expect(heard.names).toEqual(['a:two', 'a:one', 'a:one'])
    expect(heard.of('a:one')).toEqual([1, 2])
    expect(emitter.has('a:one')).toBe(false)
  })
})
