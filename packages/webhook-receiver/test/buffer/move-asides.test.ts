import { expect, test } from 'vitest'
import type { Consumer, DeadLetter } from '../../src/buffer/event-buffer.ts'
import { memoryBuffer } from '../../src/buffer/memory-buffer.ts'
import { moveEvents } from '../../src/buffer/move-events.ts'
import { event } from '../drain/drain-fixture.ts'

const LETTERS = 2_000

test('goes through the dead letters a few times, however many there are', async () => {
  const from = memoryBuffer()
  await from.open()
  const consumer = await from.openConsumer('crm')
  const [lease] = await consumer.acquire({ owner: 'test', leaseMs: 60_000 })
  if (lease === undefined) throw new Error('no lease')
  await from.append(Array.from({ length: LETTERS }, (_, number) => event(`e${number}`)))
  const entries = await consumer.read(lease, null, { limit: LETTERS, maxBytes: 1e9, waitMs: 0 })
  const letters = entries.flatMap((entry): DeadLetter[] =>
    entry.kind === 'event'
      ? [{ event: entry.event, lane: 'one', redrives: 0, why: { attempts: 1, at: 0, message: 'no' } }]
      : [],
  )
  await consumer.deadLetter(lease, letters.toReversed())
  await consumer.release(lease)

  let passes = 0
  const counted = (inner: Consumer): Consumer => ({
    ...inner,
    deadLetters: () => {
      passes++
      return inner.deadLetters()
    },
  })
  const to = memoryBuffer()
  await to.open()
  const openConsumer: typeof from.openConsumer = async (name, options) => {
    const opened = await from.openConsumer(name, options)
    return name === 'crm' ? counted(opened) : opened
  }
  // Its log is done for the mover, so that all of it is set aside only.
  const withoutLog: typeof openConsumer = async (name, options) => {
    const opened = await openConsumer(name, options)
    return name === 'crm' ? opened : { ...opened, read: async () => [] }
  }
  expect(await moveEvents({ ...from, openConsumer: withoutLog }, to)).toMatchObject({ moved: LETTERS, lost: 0 })
  expect(passes).toBe(2)
  const moved = await to.openConsumer('crm')
  const ids: string[] = []
  for await (const { event: letter } of moved.deadLetters()) ids.push(letter.id)
  expect(new Set(ids).size).toBe(LETTERS)
})
