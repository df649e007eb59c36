import { expect, test } from 'vitest'
import { type BaseEventMap, createEmitter } from '../../src/events/emitter.ts'

interface Events extends BaseEventMap {
  'thing:happened': { readonly value: number }
}

test('calls the listeners of an event in the order in which they were added', () => {
  const events = createEmitter<Events>()
  const heard: string[] = []
  events.on('thing:happened', ({ value }) => heard.push(`first ${value}`))
  events.on('thing:happened', ({ value }) => heard.push(`second ${value}`))
  events.emit('thing:happened', { value: 1 })
  expect(heard).toEqual(['first 1', 'second 1'])
})

test('a listener that throws is reported and breaks neither the emitter nor the listeners after it', () => {
  const events = createEmitter<Events>()
  const failure = new Error('listener')
  const reported: unknown[] = []
  const heard: number[] = []
  events.on('listener:error', (report) => reported.push(report))
  events.on('thing:happened', () => {
    throw failure
  })
  events.on('thing:happened', ({ value }) => heard.push(value))
  events.emit('thing:happened', { value: 2 })
  expect(heard).toEqual([2])
  expect(reported).toEqual([{ event: 'thing:happened', error: failure }])
})

test('what an async listener rejects with is reported', async () => {
  const events = createEmitter<Events>()
  const failure = new Error('listener')
  const reported: unknown[] = []
  events.on('listener:error', (report) => reported.push(report))
  events.on('thing:happened', () => Promise.reject(failure) as never)
  events.emit('thing:happened', { value: 1 })
  await Promise.resolve()
  expect(reported).toEqual([{ event: 'thing:happened', error: failure }])
})

test('a listener that was added twice is removed once at a time', () => {
  const events = createEmitter<Events>()
  const heard: number[] = []
  const listener = ({ value }: { value: number }): void => void heard.push(value)
  const off = events.on('thing:happened', listener)
  events.on('thing:happened', listener)
  off()
  off()
  events.emit('thing:happened', { value: 1 })
  expect(heard).toEqual([1])
})

test('a listener of listener:error that throws is ignored', () => {
  const events = createEmitter<Events>()
  let calls = 0
  events.on('listener:error', () => {
    calls++
    throw new Error('again')
  })
  events.emit('listener:error', { event: 'thing:happened', error: 1 })
  expect(calls).toBe(1)
})

test('the returned function removes just that listener, and has() says whether anybody listens', () => {
  const events = createEmitter<Events>()
  const heard: string[] = []
  const off = events.on('thing:happened', () => heard.push('gone'))
  events.on('thing:happened', () => heard.push('kept'))
  off()
  events.emit('thing:happened', { value: 3 })
  expect(heard).toEqual(['kept'])
  expect(events.has('thing:happened')).toBe(true)
  events.clear()
  expect(events.has('thing:happened')).toBe(false)
})

test('a subscription is disposable', () => {
  const events = createEmitter<Events>()
  const subscription = events.on('thing:happened', () => {})
  subscription[Symbol.dispose]()
  expect(events.has('thing:happened')).toBe(false)
})

test('a listener added while an event is emitted hears the next one only', () => {
  const events = createEmitter<Events>()
  const heard: number[] = []
  events.on('thing:happened', ({ value }) => {
    if (value === 1) events.on('thing:happened', (later) => heard.push(later.value))
  })
  events.emit('thing:happened', { value: 1 })
  events.emit('thing:happened', { value: 2 })
  expect(heard).toEqual([2])
})
