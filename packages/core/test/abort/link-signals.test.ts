import { getEventListeners } from 'node:events'
import { expect, test } from 'vitest'
import { linkSignals } from '../../src/abort/link-signals.ts'

test('aborts with the reason of the first source that aborts, untouched', () => {
  const first = new AbortController()
  const second = new AbortController()
  const linked = linkSignals(first.signal, undefined, null, second.signal)
  const reason = { own: 'object' }
  second.abort(reason)
  first.abort('too late')
  expect(linked.signal.aborted).toBe(true)
  expect(linked.signal.reason).toBe(reason)
})

test('is aborted at once when a source already is', () => {
  expect(linkSignals(AbortSignal.abort('before')).signal.reason).toBe('before')
})

test('can be aborted by its owner', () => {
  const source = new AbortController()
  const linked = linkSignals(source.signal)
  linked.abort('timeout')
  expect(linked.signal.reason).toBe('timeout')
  expect(source.signal.aborted).toBe(false)
})

test('leaves no listener on a long-lived source once released', () => {
  const source = new AbortController()
  for (let call = 0; call < 1_000; call++) linkSignals(source.signal).release()
  expect(getEventListeners(source.signal, 'abort')).toHaveLength(0)
})

test('a released link no longer follows', () => {
  const source = new AbortController()
  const linked = linkSignals(source.signal)
  linked.release()
  source.abort()
  expect(linked.signal.aborted).toBe(false)
})
