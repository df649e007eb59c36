import { getEventListeners } from 'node:events'
import { describe, expect, it } from 'vitest'
import { abortable } from '../../src/timeout/abortable.ts'

describe('abortable', () => {
  it('settles as the work does and leaves no listener', async () => {
    const { signal } = new AbortController()
    expect(await abortable(Promise.resolve(1), signal)).toBe(1)
    await expect(abortable(Promise.reject(new Error('x')), signal)).rejects.toThrow('x')
    expect(getEventListeners(signal, 'abort')).toHaveLength(0)
  })

  it('rejects with the reason as soon as the signal aborts', async () => {
    const controller = new AbortController()
    const work = abortable(new Promise(() => {}), controller.signal)
    controller.abort('stop')
    await expect(work).rejects.toBe('stop')
    await expect(abortable(new Promise(() => {}), controller.signal)).rejects.toBe('stop')
  })
})
