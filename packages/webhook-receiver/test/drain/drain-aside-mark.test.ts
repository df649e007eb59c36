import { fakeClock } from '@holdfast/core/testing'
import { describe, expect, test } from 'vitest'
import type { Consumer } from '../../src/buffer/event-buffer.ts'
import { memoryBuffer } from '../../src/buffer/memory-buffer.ts'
import { type DrainFixture, drainFixture, event } from './drain-fixture.ts'

/** A drain on a buffer that other processes have, too; its first event becomes a dead letter. `asked`: how often it asked for the lanes. */
async function shared({ hasMark = true } = {}): Promise<{
  readonly fixture: DrainFixture
  readonly delivered: string[]
  asked(): number
}> {
  const clock = fakeClock()
  const memory = memoryBuffer({ clock })
  await memory.open()
  const delivered: string[] = []
  let asked = 0
  let isWell = false
  const handle = ({ id }: { readonly id: string }): void => {
    if (!isWell) {
      isWell = true
      throw new Error('not yet')
    }
    delivered.push(id)
  }
  const fixture = await drainFixture({ handle, maxAttempts: 1 }, [event('a'), event('b', 'two')], {
    clock,
    buffer: { ...memory, caps: { ...memory.caps, multiProcess: true, asideMarks: hasMark } },
    wrap: (consumer) => {
      const counted: Consumer = {
        ...consumer,
        parkedLanes(lease) {
          asked += 1
          return consumer.parkedLanes(lease)
        },
      }
      return counted
    },
  })
  fixture.drain.start()
  await fixture.drained()
  return { fixture, delivered, asked: () => asked }
}

async function redriveElsewhere({ buffer, deadLetters }: DrainFixture): Promise<void> {
  const elsewhere = await buffer.openConsumer('orders')
  const places = (await deadLetters()).map(({ event: { partition, position } }) => ({ partition, position }))
  expect(await elsewhere.redrive(places)).toBe(1)
}

describe('a drain of a buffer that others have, too', () => {
  test('asks for the parked lanes only when somebody has changed what is set aside', async () => {
    const { fixture, delivered, asked } = await shared()
    await fixture.clock.advance(300_000)
    expect(asked()).toBe(1)
    await redriveElsewhere(fixture)
    await fixture.clock.advance(60_000)
    expect(delivered.toSorted()).toEqual(['a', 'b'])
    expect(asked()).toBe(2)
  })

  test('asks for them each time where the buffer says that it has no mark', async () => {
    const { fixture, delivered, asked } = await shared({ hasMark: false })
    const before = asked()
    await fixture.clock.advance(300_000)
    expect(asked()).toBeGreaterThan(before + 5)
    await redriveElsewhere(fixture)
    await fixture.clock.advance(60_000)
    expect(delivered.toSorted()).toEqual(['a', 'b'])
  })
})
