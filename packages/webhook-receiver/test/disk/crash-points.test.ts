import { seededRandom } from '@holdfast/core/testing'
import { describe, expect, test } from 'vitest'
import type { DiskBufferOptions } from '../../src/disk/disk-buffer-options.ts'
import { type FileOperation, MemoryFileSystem } from './memory-file-system.ts'
import { checkFound, copyOf, nothingTold, playRun, type Told } from './played-run.ts'
import { firstSeed, scale, scaled } from './scale.ts'

const KEYED = { keyId: 'k', key: () => Buffer.alloc(32, 3) }
const RANDOM_SUBSETS = scaled(4)
/** Calls before which the disk is as it was before the call ahead of them. */
const CHANGE_NOTHING: readonly FileOperation[] = ['read', 'size', 'list', 'identify', 'volume', 'close', 'lock']

/** The disk at one moment, and what callers had been told by then. */
interface CrashPoint {
  readonly fileSystem: MemoryFileSystem
  readonly told: Told
}

type Survives = (path: string, sector: number) => boolean

/** At night before every call that changes something; in a pull request before one of so many, not the same ones for each set-up. */
const setUps: readonly (readonly [title: string, options: Partial<DiskBufferOptions>, oneOf: number])[] = [
  ['syncs each batch', {}, 2],
  ['writes zeros ahead', { preallocateBytes: 4096 }, 2],
  ['compresses and encrypts', { compression: 'auto', encryption: KEYED }, 3],
  ['compresses with brotli', { compression: 'brotli' }, 6],
  ['encrypts', { encryption: KEYED }, 6],
]

/** Plays a run and keeps the disk as it is before each call that changes it. */
async function crashPointsOf(options: Partial<DiskBufferOptions>, oneOf: number, first: number): Promise<CrashPoint[]> {
  const fileSystem = new MemoryFileSystem()
  const told = nothingTold()
  const points: CrashPoint[] = []
  let call = 0
  fileSystem.fault = (operation) => {
    if (CHANGE_NOTHING.includes(operation)) return undefined
    if (call++ % oneOf === first % oneOf) points.push({ fileSystem: fileSystem.afterKill(), told: copyOf(told) })
    return undefined
  }
  await playRun(fileSystem, options, told)
  fileSystem.fault = undefined
  points.push({ fileSystem, told })
  return points
}

/** What of the sectors that were not synced may have reached the disk: nothing, all, all but one, one alone, and random ones. */
function* survivals({ files }: MemoryFileSystem, seed: number): Generator<Survives> {
  yield () => false
  const dirty = [...files].flatMap(([path, { dirtySectors }]) => [...dirtySectors].map((sector) => `${path}:${sector}`))
  if (dirty.length === 0) return
  yield () => true
  for (const one of dirty.length > 1 ? dirty : []) {
    yield (path, sector) => `${path}:${sector}` !== one
    yield (path, sector) => `${path}:${sector}` === one
  }
  const random = seededRandom(seed)
  for (let subset = 0; subset < (dirty.length > 2 ? RANDOM_SUBSETS : 0); subset++) yield () => random.next() < 0.5
}

describe('diskBuffer after a power cut', () => {
  test.each(
    setUps.map(([title, options, oneOf], index) => [title, options, scale > 1 ? 1 : oneOf, firstSeed + index] as const),
  )(
    'keeps every promise at any call to the disk, whatever of it is written, when it %s',
    {
      timeout: 600_000 * scale,
    },
    async (_, options, oneOf, first) => {
      let states = 0
      for (const [index, { fileSystem, told }] of (await crashPointsOf(options, oneOf, first)).entries()) {
        await checkFound(fileSystem.afterKill(), told, 'kill', `point ${index}`, options)
        for (const survives of survivals(fileSystem, firstSeed + index)) {
          for (const namesSurvive of [false, true]) {
            const cut = fileSystem.afterPowerCut({ survives, namesSurvive })
            await checkFound(cut, told, 'power cut', `point ${index}, state ${++states}`, options)
          }
        }
      }
      expect(states).toBeGreaterThan(500)
    },
  )
})
