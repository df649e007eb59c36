import { fakeClock } from '@holdfast/core/testing'
import { expect, test } from 'vitest'
import { postgresBuffer } from '../../src/postgres/postgres-buffer.ts'

test('gives opening up in time when the server does not answer, and can be closed then', async () => {
  const clock = fakeClock()
  const never = (): Promise<never> => new Promise(() => {})
  const buffer = postgresBuffer({ query: never, transaction: never }, { name: 'inbox', clock, timeoutMs: 300 })
  const opening = expect(buffer.open()).rejects.toMatchObject({ reason: 'buffer_failed' })
  await clock.advance(300)
  await opening
  await buffer.close()
})

test('gives opening up in time when there is no connection to listen on, and lets go of one that comes later', async () => {
  const clock = fakeClock()
  const query = async (text: string) => (text.includes('open_buffer') ? [{ id: 1, partitions: 1 }] : [])
  const transaction = (): Promise<never> => Promise.reject(new Error('is not used'))
  let begin: (end: () => void) => void = () => {}
  const listening = new Promise<() => void>((resolve) => {
    begin = resolve
  })
  const buffer = postgresBuffer(
    { query, transaction },
    {
      name: 'inbox',
      partitions: 1,
      migrate: false,
      durability: 'fsync',
      clock,
      timeoutMs: 300,
      listener: { listen: () => listening },
    },
  )
  const opening = expect(buffer.open()).rejects.toMatchObject({ reason: 'buffer_failed' })
  await clock.advance(300)
  await opening
  await buffer.close()
  await new Promise<void>((end) => begin(end))
})
