import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fakeClock, seededRandom } from '@holdfast/core/testing'
import { describe, expect, onTestFinished, test } from 'vitest'
import type { EventBuffer } from '../../../src/buffer/event-buffer.ts'
import { sqliteBuffer } from '../../../src/disk/index.ts'
import { playCommands } from '../buffer-commands.ts'
import { withKept } from '../../../../../test/seeds/kept-seeds.ts'
import { MemoryFileSystem } from '../memory-file-system.ts'
import { memoryDiskBuffer } from '../sample-buffer.ts'
import { freshSeeds, scale, scaled } from '../scale.ts'

const SEEDS = scaled(2)
const COMMANDS = 60

async function temporaryDirectory(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'holdfast-oracle-'))
  onTestFinished(() => rm(directory, { recursive: true, force: true }))
  return directory
}

describe('diskBuffer beside sqliteBuffer', () => {
  test('answers every command as SQLite does, through restarts', { timeout: 60_000 * scale }, async () => {
    const directory = await temporaryDirectory()
    for (const seed of withKept('oracle', freshSeeds(SEEDS))) {
      const fileSystem = new MemoryFileSystem()
      const [diskClock, sqliteClock] = [fakeClock(), fakeClock()]
      const disk = (): EventBuffer =>
        memoryDiskBuffer(fileSystem, {
          clock: diskClock,
          segmentBytes: 4096,
          dedupeWindowMs: 60_000,
          retention: { minAgeMs: 1e9 },
        })
      const sqlite = (): EventBuffer =>
        sqliteBuffer({
          directory: join(directory, String(seed)),
          clock: sqliteClock,
          dedupeWindowMs: 60_000,
          retentionMs: 1e9,
        })
      const expected = await playCommands({ make: sqlite }, sqliteClock, seededRandom(seed), COMMANDS)
      const answers = await playCommands({ make: disk }, diskClock, seededRandom(seed), COMMANDS)
      for (const [index, answer] of answers.entries())
        expect(answer, `seed ${seed}, command ${index}`).toEqual(expected[index])
    }
  })
})
