import { type FakeClock, fakeClock } from '@holdfast/core/testing'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import type { EventBuffer } from '../../src/buffer/event-buffer.ts'
import { memoryBuffer } from '../../src/buffer/memory-buffer.ts'
import { diskBuffer } from '../../src/disk/disk-buffer.ts'
import { createReceiver } from '../../src/receiver/create-receiver.ts'
import type { DestinationOptions } from '../../src/receiver/destination-options.ts'
import { event } from '../drain/drain-fixture.ts'
import { receiverOptions } from './receiver-fixture.ts'

const EVENTS = 12
const STEP_MS = 50
const PATIENCE = { timeout: 20_000 }
/** Events are started at 0 ms and then each so often. */
const PERIOD_MS = { fast: 50, slow: 250 }

const buffers: Readonly<Record<string, (clock: FakeClock) => EventBuffer>> = {
  'in memory': (clock) => memoryBuffer({ clock }),
  'on disk': (clock) => {
    const directory = mkdtempSync(join(tmpdir(), 'holdfast-destinations-'))
    onTestFinished(() => rmSync(directory, { recursive: true, force: true }))
    return diskBuffer({ directory, clock })
  },
}

/** A place that events go to, and what is done there. */
const places: Readonly<Record<string, (work: () => Promise<void> | void) => DestinationOptions>> = {
  'a handler': (work) => ({ handle: () => work() }),
  'a URL': (work) => ({
    url: 'https://shop.example/hooks',
    fetch: async () => {
      await work()
      return new Response(null, { status: 204 })
    },
  }),
}

const combinations = Object.keys(buffers).flatMap((buffer) => Object.keys(places).map((place) => [buffer, place]))

describe.each(combinations)('destinations of one receiver, %s, each %s', (bufferName = '', placeName = '') => {
  test('have their own concurrency and rate at the same time', async () => {
    const clock = fakeClock()
    const start = clock.monotonicMs()
    const place = places[placeName]!
    const [wide, narrow] = [heldWork(), heldWork()]
    const starts: Record<keyof typeof PERIOD_MS, number[]> = { fast: [], slow: [] }
    const note = (name: keyof typeof PERIOD_MS) => () => void starts[name].push(clock.monotonicMs() - start)
    const orderingKey: DestinationOptions['orderingKey'] = ({ key }) => key
    const buffer = buffers[bufferName]!(clock)
    const receiver = createReceiver({
      ...receiverOptions(),
      buffer,
      clock,
      destinations: {
        wide: { ...place(wide.work), orderingKey, concurrency: 6 },
        narrow: { ...place(narrow.work), orderingKey, concurrency: 2 },
        fast: { ...place(note('fast')), orderingKey, ratePerSecond: 1000 / PERIOD_MS.fast },
        slow: { ...place(note('slow')), orderingKey, ratePerSecond: 1000 / PERIOD_MS.slow },
      },
    })
    await receiver.start()
    onTestFinished(() => receiver.stop())
    await buffer.append(Array.from({ length: EVENTS }, (_, index) => event(`e${index}`, `k${index}`)))

    const dueAt = (name: keyof typeof PERIOD_MS, now: number): number[] =>
      Array.from({ length: EVENTS }, (_, index) => index * PERIOD_MS[name]).filter((at) => at <= now)
    for (let now = 0; now <= (EVENTS - 1) * PERIOD_MS.slow; now += STEP_MS) {
      const due = { fast: dueAt('fast', now), slow: dueAt('slow', now) }
      await vi.waitFor(() => expect(starts).toEqual(due), PATIENCE)
      await clock.advance(STEP_MS)
    }
    await vi.waitFor(() => expect([wide.running, narrow.running]).toEqual([6, 2]), PATIENCE)
    for (const held of [wide, narrow]) held.release()
    await receiver.drained()
    expect([wide.most, narrow.most]).toEqual([6, 2])
    expect([wide.done, narrow.done, starts.fast.length, starts.slow.length]).toEqual(Array(4).fill(EVENTS))
  })
})

/** Work that does not end before it is released, and is counted. */
function heldWork() {
  let release = (): void => {}
  const released = new Promise<void>((resolve) => {
    release = resolve
  })
  const held = {
    running: 0,
    most: 0,
    done: 0,
    release: (): void => release(),
    async work(): Promise<void> {
      held.running++
      held.most = Math.max(held.most, held.running)
      await released
      held.running--
      held.done++
    },
  }
  return held
}
