import { fakeClock, seededRandom } from '@holdfast/core/testing'
import { describe, expect, test } from 'vitest'
import { positionOf } from '../../src/buffer-kit/position.ts'
import { memoryBuffer } from '../../src/buffer/memory-buffer.ts'
import { type Answer, playCommands, type Subject } from './buffer-commands.ts'
import { setUps, small } from './command-set-ups.ts'
import { withKept } from '../../../../test/seeds/kept-seeds.ts'
import { type Fault, MemoryFileSystem } from './memory-file-system.ts'
import { memoryDiskBuffer } from './sample-buffer.ts'
import { freshSeeds, scale, scaled } from './scale.ts'

const RUNS = scaled(2_000)

/** Most runs are short, every tenth is long. */
function lengthOf(seed: number): number {
  return seed % 10 === 0 ? 60 : 8
}

/** What the buffer answered. It may be killed, and its disk may be full. */
async function answersOfDisk(seed: number): Promise<Answer[]> {
  const clock = fakeClock()
  let fileSystem = new MemoryFileSystem()
  const make = (): ReturnType<Subject['make']> =>
    memoryDiskBuffer(fileSystem, { ...setUps[seed % setUps.length], clock })
  const subject: Subject = {
    make,
    makeAfterKill: () => {
      fileSystem = fileSystem.afterKill()
      return make()
    },
    makeAfterPowerCut: () => {
      fileSystem = fileSystem.afterPowerCut()
      return make()
    },
    setFull: (isFull) => {
      // A disk that fills up takes a part first. Everything but segments has its place already.
      let left = 1
      const fault: Fault = (operation, path) => {
        if (operation !== 'write' || !path.includes('/seg/')) return undefined
        return left-- > 0 ? { shortWrite: 100 } : 'ENOSPC'
      }
      fileSystem.fault = isFull ? fault : undefined
    },
  }
  return playCommands(subject, clock, seededRandom(seed), lengthOf(seed))
}

/** What it has to answer. */
function answersOfModel(seed: number): Promise<Answer[]> {
  const clock = fakeClock()
  const model = memoryBuffer({ clock, dedupeWindowMs: small.dedupeWindowMs })
  return playCommands({ make: () => model }, clock, seededRandom(seed), lengthOf(seed))
}

/** As text, with positions in decimal notation in place of those of the disk. */
function told(answer: Answer | undefined): string {
  return JSON.stringify(answer, (_, value: unknown) =>
    typeof value === 'string' && /^[0-9a-f]{16}$/.test(value) ? positionOf(Number.parseInt(value, 16)) : value,
  )
}

describe('diskBuffer beside memoryBuffer', () => {
  test('answers every command as one that cannot fail, through kills, power cuts, restarts and a full disk', {
    timeout: 240_000 * scale,
  }, async () => {
    for (const seed of withKept('commands', freshSeeds(RUNS))) {
      const expected = await answersOfModel(seed)
      const answers = await answersOfDisk(seed)
      for (const [index, answer] of answers.entries())
        expect(told(answer), `seed ${seed}, answer ${index}`).toBe(JSON.stringify(expected[index]))
    }
  })
})
