/** Plays the ledger test from the command line; `--help` says how. */
import { mkdtempSync, rmSync, statfsSync, unlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { howToKeep, type SeededPart } from '../../seeds/kept-seeds.ts'
import { playFullDisk } from '../full-disk.ts'
import { smallDisk } from '../small-disk.ts'
import { playDiskFaults, playPowerCuts } from './disk-plays.ts'
import { type Disturbance, freeze, kill, type LedgerReport, playLedger } from './play-ledger.ts'

const USAGE = `Appends numbered events of 1,000 keys, the first of them with a seventh of all, delivers 64 at once, one attempt of 100 fails; the process
is disturbed, and its books are balanced.

  --events <n>    (default 1000000)
  --kills <n>     SIGKILLs, evenly spread (default 20)
  --minutes <n>   instead: as long as that, with SIGKILL, SIGSTOP, a disk of 96 MiB that is filled, clocks that are wrong by up to 12 hours
  --power-cuts <n>   instead: the power of its disk, an ext4 in a file, is cut so often
  --disk-faults <n>  instead: so many processes whose syncs fail with EIO, once or for ever, or take up to 50 ms, and whose writes are short
  --full <n>         instead: a tmpfs of 4 MiB and an ext4 of 16 MiB are filled to the last byte and drained so often
  --seed <n>      (default: random, printed)
`

const HOUR_MS = 3_600_000
const DISK_MIB = 96
const SPREAD_MS = 3_000

const { values } = parseArgs({
  args: process.argv.slice(2).filter((argument) => argument !== '--'),
  options: {
    events: { type: 'string', default: '1000000' },
    kills: { type: 'string', default: '20' },
    minutes: { type: 'string' },
    'power-cuts': { type: 'string' },
    'disk-faults': { type: 'string' },
    full: { type: 'string' },
    seed: { type: 'string', default: String(1 + Math.floor(Math.random() * 2 ** 31)) },
    help: { type: 'boolean', default: false },
  },
})

const common = { seed: Number(values.seed), keys: 1000, concurrency: 64, failureRatio: 0.01 }

if (values.help) process.stdout.write(USAGE)
else if (values.full !== undefined) await fill(Number(values.full))
else await main()

async function main(): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), 'holdfast-ledger-'))
  const startedMs = performance.now()
  process.stdout.write(`seed ${values.seed}, Node ${process.version}, ${directory}\n`)
  const report = await chosen(directory)
  const seconds = Math.round((performance.now() - startedMs) / 1000)
  process.stdout.write(`${JSON.stringify({ ...report, violations: report.violations.length, seconds })}\n`)
  for (const violation of report.violations) process.stderr.write(`${violation}\n`)
  if (report.lost > 0 || report.violations.length > 0) {
    process.stderr.write(`${howToKeep(part(), common.seed)}\n`)
    process.exitCode = 1
  } else rmSync(directory, { recursive: true, force: true })
}

function part(): SeededPart {
  if (values['power-cuts'] !== undefined) return 'powerCuts'
  return values['disk-faults'] === undefined ? 'books' : 'diskFaults'
}

function chosen(directory: string): Promise<LedgerReport> {
  if (values.minutes !== undefined) return soaked(directory, Number(values.minutes))
  if (values['power-cuts'] !== undefined) return cut(directory, Number(values['power-cuts']))
  if (values['disk-faults'] !== undefined) return failing(directory, Number(values['disk-faults']))
  return killed(directory)
}

async function cut(directory: string, times: number): Promise<LedgerReport> {
  const disk = smallDisk('ext4', DISK_MIB)
  if (typeof disk === 'string') throw new Error(disk)
  try {
    return await playPowerCuts({ ...common, directory, disk, times, events: 2_000 * times, onDisturbed: progress })
  } finally {
    disk[Symbol.dispose]()
  }
}

function failing(directory: string, times: number): Promise<LedgerReport> {
  return playDiskFaults({ ...common, directory, times, events: 2_000 * times, onDisturbed: progress })
}

async function fill(cycles: number): Promise<void> {
  for (const [kind, mebibytes] of [
    ['tmpfs', 4],
    ['ext4', 16],
  ] as const) {
    const disk = smallDisk(kind, mebibytes)
    if (typeof disk === 'string') throw new Error(disk)
    try {
      const report = await playFullDisk(join(disk.path, 'buffer'), cycles)
      process.stdout.write(`${kind} of ${mebibytes} MiB: ${JSON.stringify(report)}\n`)
      if (report.problems.length > 0) process.exitCode = 1
    } finally {
      disk[Symbol.dispose]()
    }
  }
}

function progress(count: number, runs: number): void {
  if (count % 20 === 0) process.stdout.write(`${count} disturbances, ${runs} runs\n`)
}

function killed(directory: string): Promise<LedgerReport> {
  return playLedger({
    ...common,
    directory,
    events: Number(values.events),
    eventsPerSecond: 1e9,
    maxSkewMs: 0,
    disturbances: [kill],
    everyMs: SPREAD_MS,
    times: Number(values.kills),
    forMs: 24 * HOUR_MS,
  })
}

async function soaked(directory: string, minutes: number): Promise<LedgerReport> {
  const disk = smallDisk('ext4', DISK_MIB)
  if (typeof disk === 'string') process.stderr.write(`WITHOUT A FULL DISK: ${disk}\n`)
  const place = typeof disk === 'string' ? undefined : join(disk.path, 'buffer')
  const disturbances = typeof disk === 'string' ? [kill, freeze] : [kill, freeze, filling(disk.path)]
  try {
    return await playLedger({
      ...common,
      directory,
      ...(place === undefined ? {} : { bufferDirectory: place }),
      events: 3_000 * 60 * minutes,
      eventsPerSecond: 3_000,
      maxSkewMs: 12 * HOUR_MS,
      disturbances,
      everyMs: 5_000,
      times: Infinity,
      forMs: minutes * 60_000,
      onDisturbed: progress,
    })
  } finally {
    if (typeof disk !== 'string') disk[Symbol.dispose]()
  }
}

/** Takes all the room that is left for up to five seconds. */
function filling(path: string): Disturbance {
  const filler = join(path, 'filler')
  return async (_child, random) => {
    try {
      const { bavail, bsize } = statfsSync(path)
      writeFileSync(filler, Buffer.alloc(bavail * bsize + bsize))
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error
    }
    await sleep(random.integer(500, 5_000))
    unlinkSync(filler)
  }
}
