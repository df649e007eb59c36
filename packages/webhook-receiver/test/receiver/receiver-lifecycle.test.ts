import { isIntegrationError } from '@holdfast/core'
import { describe, expect, test } from 'vitest'
import { BufferError } from '../../src/buffer/buffer-error.ts'
import type { EventBuffer } from '../../src/buffer/event-buffer.ts'
import { memoryBuffer } from '../../src/buffer/memory-buffer.ts'
import { createReceiver } from '../../src/receiver/create-receiver.ts'
import { deferred, receiverOptions, startedReceiver, webhook } from './receiver-fixture.ts'

describe('start', () => {
  test('opens the buffer once, however often it is called', async () => {
    const { buffer, calls } = recordedBuffer()
    const receiver = createReceiver(receiverOptions({ buffer }))
    await Promise.all([receiver.start(), receiver.start()])
    await receiver.start()
    await receiver.stop()
    expect(calls).toEqual(['open', 'openConsumer log', 'close'])
  })

  test('reports what opening found, losses one by one', async () => {
    const hole = { partition: 0, from: '1', to: '2', lost: 2 }
    const report = { durationMs: 1, scannedBytes: 2, tornBytes: 3, holes: [hole], lostAside: 4 }
    const inner = memoryBuffer()
    const buffer: EventBuffer = { ...inner, open: async () => ({ ...(await inner.open()), ...report }) }
    const receiver = createReceiver(receiverOptions({ buffer }))
    const seen: unknown[] = []
    receiver.on('buffer:opened', (event) => seen.push(event))
    receiver.on('buffer:lost', (event) => seen.push(event))
    await receiver.start()
    await receiver.stop()
    expect(seen).toEqual([report, hole])
  })

  test('rejects with the error of the buffer, and can be tried again', async () => {
    const inner = memoryBuffer()
    let locked = true
    const buffer: EventBuffer = {
      ...inner,
      open: () => (locked ? Promise.reject(new BufferError('buffer_locked', 'Locked.')) : inner.open()),
    }
    const receiver = createReceiver(receiverOptions({ buffer }))
    await expect(receiver.start()).rejects.toMatchObject({ reason: 'buffer_locked' })
    expect(receiver.snapshot().state).toBe('created')
    locked = false
    await receiver.start()
    expect((await receiver.accept('sample', webhook('{"id":"e1"}'))).status).toBe(200)
    await receiver.stop()
  })

  test('closes the buffer again when a consumer cannot be opened', async () => {
    const { buffer, calls } = recordedBuffer()
    const broken: EventBuffer = {
      ...buffer,
      openConsumer: () => Promise.reject(new BufferError('buffer_failed', 'No.')),
    }
    const receiver = createReceiver(receiverOptions({ buffer: broken }))
    await expect(receiver.start()).rejects.toMatchObject({ reason: 'buffer_failed' })
    expect(calls).toEqual(['open', 'close'])
  })

  test('says why it failed, also when the buffer cannot be closed again', async () => {
    const { buffer } = recordedBuffer()
    const broken: EventBuffer = {
      ...buffer,
      openConsumer: () => Promise.reject(new BufferError('buffer_failed', 'No consumer.')),
      close: () => Promise.reject(new BufferError('buffer_failed', 'No close.')),
    }
    const receiver = createReceiver(receiverOptions({ buffer: broken }))
    await expect(receiver.start()).rejects.toThrow('No consumer.')
  })

  test('is refused after the stop', async () => {
    const receiver = await startedReceiver()
    await receiver.stop()
    await expect(receiver.start()).rejects.toMatchObject({ code: 'configuration_error', reason: 'receiver_stopped' })
  })
})

describe('stop', () => {
  test('closes the buffer once, however often it is called', async () => {
    const { buffer, calls } = recordedBuffer()
    const receiver = createReceiver(receiverOptions({ buffer }))
    await receiver.start()
    await Promise.all([receiver.stop(), receiver.stop(), receiver[Symbol.asyncDispose]()])
    expect(calls.filter((call) => call === 'close')).toEqual(['close'])
    expect(receiver.snapshot()).toMatchObject({ state: 'stopped', destinations: { log: { state: 'stopped' } } })
  })

  test('opens nothing when the receiver never started', async () => {
    const { buffer, calls } = recordedBuffer()
    const receiver = createReceiver(receiverOptions({ buffer }))
    await receiver.stop()
    expect(calls).toEqual([])
    expect(receiver.snapshot().state).toBe('stopped')
  })

  test('waits for a start that is under way', async () => {
    const { buffer, calls } = recordedBuffer()
    const receiver = createReceiver(receiverOptions({ buffer }))
    const started = receiver.start()
    await receiver.stop()
    await started
    expect(calls).toEqual(['open', 'openConsumer log', 'close'])
  })

  test('refuses a timeout that is none', async () => {
    const receiver = await startedReceiver()
    const error: unknown = await receiver.stop({ timeoutMs: -1 }).catch((reason: unknown) => reason)
    expect(isIntegrationError(error, 'configuration_error')).toBe(true)
    expect(receiver.snapshot().state).toBe('running')
  })

  test('leaves what was not delivered for the next start', async () => {
    const buffer = memoryBuffer()
    const entered = deferred()
    const first = createReceiver(
      receiverOptions({
        buffer,
        destinations: {
          log: {
            handle: (_event, { signal }) =>
              new Promise((_resolve, reject) => {
                entered.resolve()
                signal.addEventListener('abort', () => reject(signal.reason))
              }),
          },
        },
      }),
    )
    await first.start()
    await first.accept('sample', webhook('{"id":"e1"}'))
    await entered.promise
    await first.stop({ timeoutMs: 0 })

    const delivered: string[] = []
    const second = await startedReceiver({
      buffer,
      destinations: { log: { handle: ({ id }) => void delivered.push(id), baseDelayMs: 0, maxDelayMs: 0 } },
    })
    await second.drained()
    expect(delivered).toEqual(['e1'])
  })
})

describe('drained', () => {
  test('is refused while the receiver does not run', async () => {
    const receiver = createReceiver(receiverOptions())
    await expect(receiver.drained()).rejects.toMatchObject({ reason: 'receiver_not_running' })
  })

  test('rejects with the reason of the signal', async () => {
    const receiver = await startedReceiver({
      destinations: { log: { handle: (_event, { signal }) => untilAborted(signal) } },
    })
    await receiver.accept('sample', webhook('{"id":"e1"}'))
    const controller = new AbortController()
    const drained = receiver.drained({ signal: controller.signal })
    const reason = new Error('enough')
    controller.abort(reason)
    await expect(drained).rejects.toBe(reason)
    await receiver.stop({ timeoutMs: 0 })
  })
})

describe('snapshot', () => {
  test('shows every destination before the start', () => {
    const receiver = createReceiver(receiverOptions())
    expect(receiver.snapshot()).toEqual({
      state: 'created',
      accepted: 0,
      duplicates: 0,
      refused: 0,
      destinations: {
        log: {
          state: 'stopped',
          inWindow: 0,
          inFlight: 0,
          parked: 0,
          blockedKeys: 0,
          delivered: 0,
          retried: 0,
          deadLettered: 0,
        },
      },
    })
  })
})

function untilAborted(signal: AbortSignal): Promise<void> {
  return new Promise((_resolve, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason), { once: true })
  })
}

function recordedBuffer(): { readonly buffer: EventBuffer; readonly calls: string[] } {
  const inner = memoryBuffer()
  const calls: string[] = []
  const buffer: EventBuffer = {
    ...inner,
    open: () => (calls.push('open'), inner.open()),
    openConsumer: (name, options) => (calls.push(`openConsumer ${name}`), inner.openConsumer(name, options)),
    close: () => (calls.push('close'), inner.close()),
  }
  return { buffer, calls }
}
