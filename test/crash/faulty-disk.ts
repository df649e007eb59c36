import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const SOURCE = fileURLToPath(new URL('./faulty-disk.c', import.meta.url))

/** What is wrong with the disk. */
export interface DiskFaults {
  /** Files below it are concerned. */
  readonly path: string
  /** Which sync fails with EIO, counted from 1; 0: none. */
  readonly syncAt: number
  /** How many fail from there on. */
  readonly syncCount: number
  /** How long every sync takes at least, ms. */
  readonly delayMs: number
  /** Which write of so many takes only half; 0: none. */
  readonly shortEvery: number
}

/** A library for LD_PRELOAD. */
export interface FaultyDisk {
  /** The environment of a process whose disk has these faults. */
  environment(faults: DiskFaults): Record<string, string>
}

/** Compiles the library into a directory. A string says why it cannot. */
export function faultyDisk(directory: string): FaultyDisk | string {
  if (process.platform !== 'linux') return 'LD_PRELOAD is known on Linux only'
  const library = join(directory, 'faulty-disk.so')
  const { status, error, stderr } = spawnSync('cc', ['-shared', '-fPIC', '-O1', '-o', library, SOURCE, '-ldl'], {
    encoding: 'utf8',
  })
  if (error !== undefined) return `cc: ${error.message}`
  if (status !== 0) return `cc: ${stderr.trim()}`
  return {
    environment: ({ path, syncAt, syncCount, delayMs, shortEvery }) => ({
      LD_PRELOAD: library,
      HOLDFAST_FAULT_PATH: path,
      HOLDFAST_FAULT_SYNC_AT: String(syncAt),
      HOLDFAST_FAULT_SYNC_COUNT: String(syncCount),
      HOLDFAST_FAULT_DELAY_MS: String(delayMs),
      HOLDFAST_FAULT_SHORT_EVERY: String(shortEvery),
    }),
  }
}
