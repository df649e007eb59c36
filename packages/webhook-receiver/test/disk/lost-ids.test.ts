import { fakeClock } from '@holdfast/core/testing'
import { expect, test } from 'vitest'
import { MemoryFileSystem } from './memory-file-system.ts'
import { consumerOf, DIRECTORY, memoryDiskBuffer, numberedEvent, readEverything } from './sample-buffer.ts'
import { flipped } from './sample-log.ts'

const OPTIONS = { segmentBytes: 4096 } as const
const LOST = 3

test.each(['while it is open', 'after it was opened anew'])(
  'an event that turned out to be lost is stored again once its segment is deleted, too: %s',
  async (when) => {
    const fileSystem = new MemoryFileSystem()
    const clock = fakeClock()
    const first = memoryDiskBuffer(fileSystem, { ...OPTIONS, clock })
    await first.open()
    for (let number = 1; number <= 20; number++) await first.append([numberedEvent(number, 500)])
    await first.close()
    const [segment = ''] = fileSystem.paths(`${DIRECTORY}/seg`)
    const content = fileSystem.read(segment)
    const at = content.indexOf(numberedEvent(LOST, 500).body)
    fileSystem.replace(segment, flipped(content, 8 * at))

    const buffer = memoryDiskBuffer(fileSystem, { ...OPTIONS, clock })
    await buffer.open()
    const entries = await readEverything(buffer)
    expect(entries.filter(({ kind }) => kind === 'hole')).toHaveLength(1)
    // As long as its segment is there the sender gets it stored again.
    const { consumer, lease } = await consumerOf(buffer)
    const done = entries.flatMap((entry) => (entry.kind === 'event' ? [entry.event.position] : []))
    await consumer.commit(lease, { done })
    await clock.advance(1000)
    expect(fileSystem.paths(`${DIRECTORY}/seg`)).not.toContain(segment)

    let current = buffer
    if (when !== 'while it is open') {
      await buffer.close()
      current = memoryDiskBuffer(fileSystem, { ...OPTIONS, clock })
      await current.open()
    }
    expect(await current.append([numberedEvent(LOST, 500)])).toMatchObject([{ status: 'appended' }])
    await current.close()
  },
)
