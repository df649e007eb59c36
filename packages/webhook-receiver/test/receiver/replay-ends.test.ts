import { fakeClock } from '@holdfast/core/testing'
import { describe, expect, test } from 'vitest'
import { memoryBuffer } from '../../src/buffer/memory-buffer.ts'
import { createReceiver } from '../../src/receiver/create-receiver.ts'
import type { ReplayOptions } from '../../src/receiver/destination-control.ts'
import { event, halfway } from '../drain/drain-fixture.ts'
import { receiverOptions } from './receiver-fixture.ts'

/** What became of a replay an hour later. */
async function anHourLater(options: ReplayOptions): Promise<unknown> {
  const clock = fakeClock()
  const buffer = memoryBuffer({ clock })
  const receiver = createReceiver({
    ...receiverOptions(),
    buffer,
    clock,
    random: halfway,
    destinations: { crm: { handle: () => {} } },
  })
  await receiver.start()
  await buffer.append([event('a'), event('b')])
  await clock.advance(1000)
  let outcome: unknown = 'still at work'
  const replay = receiver
    .destination('crm')
    .replay(options)
    .then(
      (report) => (outcome = report),
      (error: unknown) => (outcome = error),
    )
  await clock.advance(3_600_000)
  const seen = outcome
  await receiver.stop()
  await replay
  return seen
}

describe('a replay', () => {
  test('rejects with what its `where` throws', async () => {
    const error = new Error('no such field')
    expect(
      await anHourLater({
        where: () => {
          throw error
        },
      }),
    ).toBe(error)
  })

  test('rejects when there is no such partition', async () => {
    expect(await anHourLater({ after: { partition: 7, position: '0000000000000001' } })).toMatchObject({
      message: expect.stringContaining('partition'),
    })
  })
})
