import { fakeClock } from '@holdfast/core/testing'
import { expect, test } from 'vitest'
import { MemoryFileSystem } from './memory-file-system.ts'
import { DIRECTORY } from './sample-buffer.ts'
import { numberedRecord, openLog } from './sample-records.ts'

test('a batch that fails while the one before it is told to its senders, by a process that is busy no more, is told to its own only', async () => {
  const unhandled: unknown[] = []
  const note = (reason: unknown): void => {
    unhandled.push(reason)
  }
  process.on('unhandledRejection', note)
  const fileSystem = new MemoryFileSystem()
  const clock = fakeClock()
  let now = 0
  const shares = [0.9, 0]
  const { log } = await openLog(fileSystem, {
    // Every look at the clock finds that 10 ms have passed, as after a pause of the collector.
    clock: { ...clock, schedule: clock.schedule.bind(clock), now: () => clock.now(), monotonicMs: () => (now += 10) },
    utilization: () => shares.shift() ?? 0,
  })
  let writes = 0
  fileSystem.fault = (operation, path) =>
    operation === 'write' && path.startsWith(`${DIRECTORY}/seg/`) && ++writes > 2 ? 'ENOSPC' : undefined
  const appends = [1, 2, 3, 4].map((number) =>
    log.append([numberedRecord(number)]).then(
      () => 'stored',
      (error: { reason: string }) => error.reason,
    ),
  )
  for (let turn = 0; turn < 20; turn++) await new Promise(setImmediate)
  await clock.advance(10)
  process.off('unhandledRejection', note)
  expect(unhandled).toEqual([])
  const told = await Promise.all(appends)
  expect(new Set(told)).toEqual(new Set(['stored', 'buffer_full']))
  fileSystem.fault = undefined
  await log.close()
})
