import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { howToKeep, keptSeeds, withKept } from './kept-seeds.ts'

const root = join(import.meta.dirname, '../..')

describe('the seeds that are kept', () => {
  test('come first, each once', () => {
    expect(withKept('damage', [1, 2, 3], { damage: [70, 2] })).toEqual([70, 2, 1, 3])
    expect(withKept('damage', [1, 2], { bytes: [70] })).toEqual([1, 2])
  })

  test('are whole numbers from 1', () => {
    for (const seed of Object.values(keptSeeds).flat()) expect(Number.isSafeInteger(seed) && seed >= 1).toBe(true)
  })

  test('run in a test of a pull request, each part in one', () => {
    const files = globSync(['packages/webhook-receiver/test/disk/**/*.test.ts', 'test/{crash,shards}/**/*.test.ts'], {
      cwd: root,
    })
    const sources = files
      .filter((file) => !file.endsWith('kept-seeds.test.ts'))
      .map((file) => readFileSync(join(root, file), 'utf8'))
    for (const part of Object.keys(keptSeeds))
      expect(
        sources.filter((source) => source.includes(`withKept('${part}', `)),
        part,
      ).toHaveLength(1)
  })

  test('are easy to add to: whoever finds one is told how', () => {
    expect(howToKeep('bytes', 5017)).toContain('Add 5017 to `bytes` in test/seeds/kept-seeds.ts')
  })
})
