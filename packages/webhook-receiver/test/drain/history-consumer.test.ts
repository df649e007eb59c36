import { expect, test } from 'vitest'
import type { EventBuffer, LogEntry } from '../../src/buffer/event-buffer.ts'
import { memoryBuffer } from '../../src/buffer/memory-buffer.ts'
import { createHistoryConsumer } from '../../src/drain/history-consumer.ts'

test('a read of the history that is broken off while the buffer is asked ends', async () => {
  let answer: (entries: LogEntry[]) => void = () => {}
  const asked = new Promise<LogEntry[]>((resolve) => {
    answer = resolve
  })
  const buffer: EventBuffer = { ...memoryBuffer(), read: () => asked }
  const consumer = createHistoryConsumer({
    name: 'replay',
    buffer,
    ranges: [{ partition: 0, after: null, upTo: undefined }],
    matches: () => true,
    isBeyond: () => false,
    onGivenUp: () => {},
  })
  const poll = new AbortController()
  const lease = { partition: 0, epoch: 1, expiresAt: Infinity }
  const reading = consumer.read(lease, null, { limit: 1, maxBytes: 1, waitMs: 1000, signal: poll.signal })
  poll.abort(new Error('enough'))
  answer([])
  await expect(reading).rejects.toThrow('enough')
})
