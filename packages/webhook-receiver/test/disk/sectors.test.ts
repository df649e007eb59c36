import { seededRandom } from '@holdfast/core/testing'
import type { Random } from '@holdfast/core'
import { describe, expect, test } from 'vitest'
import type { MemoryFileSystem } from './memory-file-system.ts'
import { openAndRead } from './sample-buffer.ts'
import { ALL, closedLog, segmentOf } from './sample-log.ts'
import { firstSeed, scale } from './scale.ts'

const MORE = 60

type Damage = (content: Buffer, at: number, bytes: number, random: Random) => void

const damages: Readonly<Record<string, Damage>> = {
  'holds zeros': (content, at, bytes) => void content.subarray(at, at + bytes).fill(0),
  'holds anything': (content, at, bytes, random) => {
    for (let index = at; index < Math.min(at + bytes, content.length); index++)
      content[index] = Math.floor(random.next() * 256)
  },
  'holds what another holds, as after a misdirected write': (content, at, bytes, random) => {
    const other = Math.floor((random.next() * content.length) / bytes) * bytes
    content.copy(content, at, other, Math.min(other + bytes, content.length - (at - other)))
  },
  'has changed places with its neighbour': (content, at, bytes) => {
    const here = Buffer.from(content.subarray(at, at + bytes))
    const next = Buffer.from(content.subarray(at + bytes, at + 2 * bytes))
    if (next.length < here.length) return
    next.copy(content, at)
    here.copy(content, at + bytes)
  },
}

/** Opens the log with another content of its segment; bodies are compared with what was written. */
async function openDamaged(original: MemoryFileSystem, content: Buffer): Promise<void> {
  const fileSystem = original.afterKill()
  fileSystem.replace(segmentOf(original), content)
  const { numbers, lost, entries } = await openAndRead(fileSystem)
  const all = [...ALL, ...Array.from({ length: MORE }, (_, index) => index + 10)]
  const missing = all.filter((number) => !numbers.includes(number))
  expect(numbers).toEqual(all.filter((number) => !missing.includes(number)))
  expect(lost).toBe(missing.length)
  const holes = entries.flatMap((entry) => (entry.kind === 'hole' ? [entry.hole.lost] : []))
  expect(holes.reduce((sum, count) => sum + count, 0)).toBe(missing.length)
}

describe.each([512, 4096])('a log of which a sector of %i bytes', (bytes) => {
  test.each(Object.entries(damages))(
    '%s reports exactly what it lost, wherever that is',
    {
      timeout: 120_000,
    },
    async (_, damage) => {
      const original = await closedLog(MORE)
      const content = original.read(segmentOf(original))
      const random = seededRandom(firstSeed)
      for (let at = 0; at < content.length; at += bytes) {
        const damaged = Buffer.from(content)
        damage(damaged, at, bytes, random)
        await openDamaged(original, damaged)
        // A second one, too, at night.
        if (scale === 1) continue
        damage(damaged, Math.floor((random.next() * content.length) / bytes) * bytes, bytes, random)
        await openDamaged(original, damaged)
      }
    },
  )

  test('holds what an older segment held there, takes nothing of that for its own', { timeout: 120_000 }, async () => {
    const original = await closedLog(MORE)
    const older = (await closedLog(MORE)).read(segmentOf(original))
    const content = original.read(segmentOf(original))
    for (let at = 0; at < content.length; at += bytes) {
      const damaged = Buffer.from(content)
      older.copy(damaged, at, at, Math.min(at + bytes, older.length, damaged.length))
      await openDamaged(original, damaged)
    }
  })
})
