import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Clock, systemClock } from '@holdfast/core'
import { describe, expect, it, onTestFinished, type TestContext } from 'vitest'
import { newSeed, withKept } from '../../seeds/kept-seeds.ts'
import { faultyDisk } from '../faulty-disk.ts'
import { playFullDisk } from '../full-disk.ts'
import { smallDisk, type SmallDiskKind } from '../small-disk.ts'
import { playDiskFaults, playPowerCuts } from './disk-plays.ts'
import { kill, type LedgerReport, playLedger } from './play-ledger.ts'

/** Space is looked at every second: of this clock, every 50 ms. */
const hurried: Clock = {
  ...systemClock,
  sleep: (ms, signal) => systemClock.sleep(ms / 20, signal),
  schedule: (ms, callback, options) => systemClock.schedule(ms / 20, callback, options),
}

const common = { keys: 1000, concurrency: 64, failureRatio: 0.01 }

describe('a process that appends and delivers', () => {
  const books = withKept('books', [newSeed()])
  const faults = withKept('diskFaults', [newSeed()])
  const cuts = withKept('powerCuts', [newSeed()])

  it('delivers everything once and in the order of its key, and remembers every id, however often it is killed', {
    timeout: 240_000 * books.length,
  }, async () => {
    for (const seed of books) {
      const report = await playLedger({
        ...common,
        directory: temporaryDirectory(),
        seed,
        events: 20_000,
        eventsPerSecond: 10_000,
        maxSkewMs: 0,
        disturbances: [kill],
        everyMs: 800,
        times: 3,
        forMs: 1_000_000,
      })
      expectBalanced(report, 20_000, seed)
      // A kill may bring back one event of each key whose ack was not written.
      expect(report.repeated, `seed ${seed}`).toBeLessThanOrEqual(3 * common.keys)
    }
  })

  it('does so on a disk whose syncs fail and whose writes are short', {
    timeout: 240_000 * faults.length,
  }, async (context) => {
    skipWithout(context, faultyDisk(temporaryDirectory()))
    for (const seed of faults) {
      const directory = temporaryDirectory()
      expectBalanced(await playDiskFaults({ ...common, directory, seed, events: 8_000, times: 4 }), 8_000, seed)
    }
  })

  it('does so when the power of its disk is cut', { timeout: 240_000 * cuts.length }, async (context) => {
    for (const seed of cuts) {
      const disk = skipWithout(context, smallDisk('ext4', 64))
      onTestFinished(() => disk[Symbol.dispose]())
      const directory = temporaryDirectory()
      expectBalanced(await playPowerCuts({ ...common, directory, disk, seed, events: 8_000, times: 3 }), 8_000, seed)
    }
  })
})

describe('a disk that is full to the last byte', () => {
  it.for<[SmallDiskKind, number, number]>([
    ['tmpfs', 2, 20],
    // Its syncs go through a file to a real disk.
    ['ext4', 8, 3],
  ])('refuses, is drained, and takes events again, on %s', { timeout: 120_000 }, async (it, context) => {
    const [kind, mebibytes, cycles] = it
    const disk = skipWithout(context, smallDisk(kind, mebibytes))
    onTestFinished(() => disk[Symbol.dispose]())
    const report = await playFullDisk(join(disk.path, 'buffer'), cycles, hurried)
    expect(report.problems).toEqual([])
    expect(report.refused).toBeGreaterThanOrEqual(cycles)
    expect(report.delivered).toBe(report.appended)
    expect(report.appended).toBeGreaterThan(150 * cycles)
  })
})

function expectBalanced(report: LedgerReport, events: number, seed: number): void {
  expect(report, `seed ${seed}`).toMatchObject({
    acknowledged: events,
    delivered: events,
    lost: 0,
    unacknowledged: 0,
    violations: [],
  })
}

/** What takes root or a compiler is left out loudly where there is none, and fails with HOLDFAST_REQUIRE_SERVICES=1. */
function skipWithout<Thing extends object>(context: TestContext, thing: Thing | string): Thing {
  if (typeof thing !== 'string') return thing
  const problem = `\`${context.task.name}\` is not tested: ${thing}`
  if (process.env.HOLDFAST_REQUIRE_SERVICES === '1') throw new Error(problem)
  process.stderr.write(`\n*** ${problem} ***\n\n`)
  return context.skip(thing)
}

function temporaryDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), 'holdfast-ledger-'))
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }))
  return directory
}
