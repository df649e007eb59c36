import { fakeClock } from '@holdfast/core/testing'
import { expect, test } from 'vitest'
import { memoryBuffer } from '../../src/buffer/memory-buffer.ts'
import { createReceiver } from '../../src/receiver/create-receiver.ts'
import { event, halfway } from '../drain/drain-fixture.ts'
import { receiverOptions } from './receiver-fixture.ts'

async function withDeadLetters(...ids: readonly string[]) {
  const clock = fakeClock()
  const buffer = memoryBuffer({ clock })
  const taken: string[] = []
  const state = { isBroken: true }
  const receiver = createReceiver({
    ...receiverOptions(),
    buffer,
    clock,
    random: halfway,
    destinations: {
      crm: {
        handle: ({ id }) => {
          if (state.isBroken) throw new Error('broken')
          taken.push(id)
        },
        orderingKey: ({ key }) => key,
        maxAttempts: 1,
      },
    },
  })
  await receiver.start()
  await buffer.append(ids.map((id) => event(id, id.slice(0, 1))))
  await clock.advance(10_000)
  const quiet = async () => {
    for (let turn = 0; turn < 10; turn++) await clock.flush()
  }
  return { clock, receiver, taken, state, quiet, control: receiver.destination('crm') }
}

test('dead letters of a key are redriven in the order of arrival, also where one of them died twice', async () => {
  const { clock, receiver, taken, state, control } = await withDeadLetters('a1', 'a2', 'a3')
  // Tried out with the first one, too early.
  await control.deadLetters.redrive({ ids: ['a1'] })
  await clock.advance(10_000)
  state.isBroken = false
  await clock.runUntil(control.deadLetters.redrive({ all: true }, { ratePerSecond: 5 }))
  await clock.advance(10_000)
  expect(taken).toEqual(['a1', 'a2', 'a3'])
  await receiver.stop()
})

test('a redriven event comes before a later one of its key that is not at work yet', async () => {
  const { receiver, taken, state, quiet, control } = await withDeadLetters('a1', 'a2')
  state.isBroken = false
  control.pause()
  await control.deadLetters.redrive({ ids: ['a2'] })
  await quiet()
  await control.deadLetters.redrive({ ids: ['a1'] })
  await quiet()
  control.resume()
  await quiet()
  expect(taken).toEqual(['a1', 'a2'])
  await receiver.stop()
})
