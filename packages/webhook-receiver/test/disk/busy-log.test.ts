import { describe, expect, test } from 'vitest'
import { MemoryFileSystem } from './memory-file-system.ts'
import { numberedRecord, openLog, readNumbers } from './sample-records.ts'

/** A log of a process that is at work all the time, with the first record. `calls` are those to its segments since. */
async function busyLog(utilization = 1) {
  const fileSystem = new MemoryFileSystem()
  const { log } = await openLog(fileSystem, { utilization: () => utilization, segmentBytes: 1e6 })
  await log.append([numberedRecord(1)])
  const calls: string[] = []
  let faults: Record<string, string> = {}
  fileSystem.fault = (operation, path) => {
    if (!path.includes('/seg/')) return undefined
    const call = `${operation} ${calls.filter((earlier) => earlier.startsWith(operation)).length + 1}`
    calls.push(call)
    return faults[call]
  }
  /** Appends records in calls of their own, and notes the last call to the disk before each answer. */
  const appendAll = (from: number, to: number): Promise<string>[] =>
    Array.from({ length: to - from + 1 }, (_, index) =>
      log.append([numberedRecord(from + index)]).then(
        (seq) => `${seq} after ${calls.at(-1) ?? ''}`,
        (error: { readonly reason: string }) => `${error.reason} after ${calls.at(-1) ?? ''}`,
      ),
    )
  return {
    log,
    calls,
    appendAll,
    failWith(wanted: Record<string, string>) {
      faults = wanted
    },
  }
}

describe('Log of a process that is busy', () => {
  test('writes one half before it answers for the other', async () => {
    const { log, appendAll } = await busyLog(0.5)
    expect(await Promise.all(appendAll(2, 5))).toEqual([
      '2 after write 2',
      '3 after write 2',
      '4 after datasync 2',
      '5 after datasync 2',
    ])
    expect(await readNumbers(log)).toEqual([1, 2, 3, 4, 5])
    await log.close()
  })

  test('writes all who wait at once while it has little to do', async () => {
    const { log, calls, appendAll } = await busyLog(0.49)
    await Promise.all(appendAll(2, 5))
    expect(calls).toEqual(['write 1', 'datasync 1'])
    await log.close()
  })

  test.each([
    { call: 'write 2', error: 'EIO', reason: 'buffer_failed' },
    { call: 'datasync 2', error: 'EIO', reason: 'buffer_failed' },
    { call: 'write 2', error: 'ENOSPC', reason: 'buffer_full' },
  ])('keeps what was answered when the half behind it fails with $error at $call', async ({ call, error, reason }) => {
    const { log, appendAll, failWith } = await busyLog()
    failWith({ [call]: error })
    const [first, second, third, fourth] = await Promise.all(appendAll(2, 5))
    expect([first, second]).toEqual(['2 after write 2', '3 after write 2'])
    expect(third).toContain(reason)
    expect(fourth).toContain(reason)
    failWith({})
    expect(await Promise.all(appendAll(6, 6))).toEqual([expect.stringMatching(/^4 after/)])
    expect(await readNumbers(log)).toEqual([1, 2, 3, 6])
    await log.close()
  })

  test('goes on with the half behind one that failed', async () => {
    const { log, appendAll, failWith } = await busyLog()
    failWith({ 'datasync 1': 'EIO' })
    const [first, second, third, fourth] = await Promise.all(appendAll(2, 5))
    expect(first).toContain('buffer_failed')
    expect(second).toContain('buffer_failed')
    expect([third, fourth]).toEqual([expect.stringMatching(/^2 after/), expect.stringMatching(/^3 after/)])
    expect(await readNumbers(log)).toEqual([1, 4, 5])
    await log.close()
  })

  test('ends a segment between two halves, and closes behind the last', async () => {
    const { log, appendAll } = await busyLog()
    const appended = appendAll(2, 9)
    const rolled = log.roll()
    await Promise.all([...appended, rolled])
    expect(log.segments.map(({ baseSeq }) => baseSeq)).toEqual([1, 6])
    const last = appendAll(10, 13)
    await log.close()
    expect((await Promise.all(last)).map((answer) => Number.parseInt(answer, 10))).toEqual([10, 11, 12, 13])
  })
})
