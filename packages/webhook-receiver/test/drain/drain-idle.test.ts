import { expect, test } from 'vitest'
import { drainFixture, event } from './drain-fixture.ts'

test('a drain says once a second that it is idle while a buffer waits for one event after the other', async () => {
  const handled: string[] = []
  const { drain, clock, buffer, heard, quiet } = await drainFixture({ handle: ({ id }) => void handled.push(id) }, [], {
    wrap: (consumer) => ({
      ...consumer,
      read: (lease, after, { waitMs, lingerMs = 0, ...options }) =>
        consumer.read(lease, after, { ...options, waitMs: Math.max(waitMs, lingerMs) }),
    }),
  })
  drain.start()
  await quiet()
  for (let number = 0; number < 100; number++) {
    await buffer.append([event(`evt_${number}`)])
    await clock.advance(50)
    await quiet()
  }
  expect(handled).toHaveLength(100)
  expect(heard.of('drain:idle').length).toBeGreaterThanOrEqual(5)
  expect(heard.of('drain:idle').length).toBeLessThanOrEqual(7)
  await drain.stop({ timeoutMs: 0 })
})
