import { describe, expect, it } from 'vitest'
import { createLifetime } from '../../src/buffer-kit/index.ts'
import { deferred } from '../receiver/receiver-fixture.ts'

const refusal = expect.objectContaining({ reason: 'buffer_closed' })
const nothing = async (): Promise<void> => undefined

describe('lifetime', () => {
  it('is open between opening and closing, and can be opened again', async () => {
    const lifetime = createLifetime()
    expect(() => lifetime.requireOpen()).toThrow(refusal)
    for (const report of ['first', 'second']) {
      await expect(lifetime.open(async () => report)).resolves.toBe(report)
      lifetime.requireOpen()
      await lifetime.close(nothing)
      expect(() => lifetime.requireOpen()).toThrow(refusal)
    }
  })

  it('refuses to open what is open or opening', async () => {
    const lifetime = createLifetime()
    const { promise: opened, resolve: letOpen } = deferred()
    const opening = lifetime.open(() => opened)
    await expect(lifetime.open(nothing)).rejects.toMatchObject({ reason: 'buffer_locked' })
    expect(() => lifetime.requireOpen()).toThrow(refusal)
    letOpen()
    await opening
    await expect(lifetime.open(nothing)).rejects.toMatchObject({ reason: 'buffer_locked' })
    lifetime.requireOpen()
  })

  it('closes once what was opening, after it, whoever asks', async () => {
    const lifetime = createLifetime()
    const { promise: opened, resolve: letOpen } = deferred()
    const steps: string[] = []
    const opening = lifetime.open(async () => {
      await opened
      steps.push('opened')
    })
    const closings = [1, 2].map(() =>
      lifetime.close(async () => {
        steps.push('closed')
      }),
    )
    letOpen()
    await Promise.all([opening, ...closings])
    expect(steps).toEqual(['opened', 'closed'])
    expect(() => lifetime.requireOpen()).toThrow(refusal)
  })

  it('opens after a closing that is under way', async () => {
    const lifetime = createLifetime()
    await lifetime.open(nothing)
    const { promise: closed, resolve: letClose } = deferred()
    const closing = lifetime.close(() => closed)
    expect(() => lifetime.requireOpen()).toThrow(refusal)
    let isOpened = false
    const opening = lifetime.open(async () => {
      isOpened = true
    })
    expect(isOpened).toBe(false)
    letClose()
    await Promise.all([closing, opening])
    lifetime.requireOpen()
  })

  it('is closed after an opening or a closing that failed', async () => {
    const lifetime = createLifetime()
    const refused = (): Promise<never> => Promise.reject(new Error('refused'))
    const opening = lifetime.open(refused)
    const closing = lifetime.close(() => expect.unreachable('it was never open'))
    await expect(opening).rejects.toThrow('refused')
    await closing
    await lifetime.open(nothing)
    await expect(lifetime.close(refused)).rejects.toThrow('refused')
    await lifetime.close(() => expect.unreachable('it is closed'))
    await lifetime.open(nothing)
    lifetime.requireOpen()
  })
})
