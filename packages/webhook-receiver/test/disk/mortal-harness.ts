import { fakeClock } from '@holdfast/core/testing'
import type { EventBuffer } from '../../src/buffer/event-buffer.ts'
import type { DiskBufferOptions } from '../../src/disk/disk-buffer-options.ts'
import { diskBuffer } from '../../src/disk/index.ts'
import type { BufferHarness } from '../../src/testing/index.ts'
import { MemoryFileSystem } from './memory-file-system.ts'
import { DIRECTORY } from './sample-buffer.ts'

/** Buffers on a file system in memory, whose process can be killed at any moment. */
export function mortalHarness(options: Partial<DiskBufferOptions>): BufferHarness {
  return {
    async create() {
      const clock = fakeClock()
      let fileSystem = new MemoryFileSystem()
      const make = (): EventBuffer => diskBuffer({ ...options, directory: DIRECTORY, fileSystem, clock })
      const made = [make()]
      const openNext = async (): Promise<EventBuffer> => {
        const next = make()
        made.push(next)
        await next.open()
        return next
      }
      return {
        buffer: made[0]!,
        async reopen() {
          await made.at(-1)!.close()
          return openNext()
        },
        // What the dead one still writes, it writes into a copy that nobody sees.
        crash() {
          fileSystem = fileSystem.afterKill()
          return openNext()
        },
        advance: (ms) => clock.advance(ms),
        async dispose() {
          await Promise.all(made.map((buffer) => buffer.close()))
        },
      }
    },
  }
}
