import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { faultyDisk } from '../faulty-disk.ts'
import type { SmallDisk } from '../small-disk.ts'
import { cutPower } from './cut-power.ts'
import { kill, type LedgerOptions, type LedgerReport, playLedger } from './play-ledger.ts'

const DAY_MS = 86_400_000

type PlayOptions = Pick<
  LedgerOptions,
  'directory' | 'seed' | 'events' | 'keys' | 'concurrency' | 'failureRatio' | 'times' | 'onDisturbed'
>

/** Cuts the power of the disk under the buffer, so often. */
export function playPowerCuts({ disk, ...options }: PlayOptions & { readonly disk: SmallDisk }): Promise<LedgerReport> {
  return playLedger({
    ...options,
    bufferDirectory: join(disk.path, 'buffer'),
    eventsPerSecond: 4_000,
    maxSkewMs: 0,
    disturbances: [cutPower(disk)],
    everyMs: 1_000,
    forMs: DAY_MS,
  })
}

/**
 * Processes whose disk fails: each has a sync that fails with EIO, alone or with all that follow, or slow syncs, or short writes. They are killed, or end by
 * themselves when nothing but opening anew helps.
 *
 * @throws Error where there is no compiler.
 */
export async function playDiskFaults(options: PlayOptions): Promise<LedgerReport> {
  const buffer = join(options.directory, 'buffer')
  mkdirSync(options.directory, { recursive: true })
  const disk = faultyDisk(options.directory)
  if (typeof disk === 'string') throw new Error(disk)
  return playLedger({
    ...options,
    bufferDirectory: buffer,
    eventsPerSecond: 4_000,
    maxSkewMs: 0,
    disturbances: [kill],
    everyMs: 2_000,
    forMs: DAY_MS,
    environment: (random) =>
      disk.environment({
        path: buffer,
        syncAt: random.chance(0.7) ? random.integer(1, 120) : 0,
        syncCount: random.chance(0.3) ? 1_000_000 : random.integer(1, 2),
        delayMs: random.chance(0.3) ? random.integer(1, 50) : 0,
        shortEvery: random.chance(0.5) ? random.integer(2, 9) : 0,
      }),
  })
}
