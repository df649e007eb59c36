import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fakeClock } from '@holdfast/core/testing'
import { describe, test } from 'vitest'
import type { EventBuffer } from '../../src/buffer/event-buffer.ts'
import { diskBuffer } from '../../src/disk/index.ts'
import { type BufferHarness, bufferConformance } from '../../src/testing/index.ts'
import { mortalHarness } from './mortal-harness.ts'

const harness: BufferHarness = {
  create: async () => {
    const directory = await mkdtemp(join(tmpdir(), 'holdfast-disk-'))
    const clock = fakeClock()
    // Small segments, so that the cases cross many of them, and a short window, because a timer fires in every second of it.
    const make = (): EventBuffer =>
      diskBuffer({
        directory,
        clock,
        segmentBytes: 64 * 1024,
        maxEventBytes: 2 * 1024 * 1024,
        dedupeWindowMs: 60 * 60 * 1_000,
      })
    let buffer = make()
    return {
      buffer,
      reopen: async () => {
        await buffer.close()
        buffer = make()
        await buffer.open()
        return buffer
      },
      advance: (ms) => clock.advance(ms),
      dispose: async () => {
        await buffer.close()
        await rm(directory, { recursive: true, force: true })
      },
    }
  },
}

const mortal = mortalHarness({ segmentBytes: 64 * 1024, dedupeWindowMs: 60 * 60 * 1_000 })

describe('diskBuffer', () => {
  for (const { title, requires, run } of bufferConformance)
    test(title, () => run(requires === 'crash' ? mortal : harness))
})
