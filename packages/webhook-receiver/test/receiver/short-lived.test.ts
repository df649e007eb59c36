import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { expect, onTestFinished, test } from 'vitest'
import { diskBuffer } from '../../src/disk/index.ts'
import { SECRET, sample, startedReceiver, webhook } from './receiver-fixture.ts'

setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as (options: { readonly type: 'major' | 'minor' }) => void

const EVENTS = 4_000
const AT_ONCE = 64
/** An event takes some kilobytes while it is on its way; of its id some hundred bytes stay. */
const LEFT_BYTES = 1_000

// Whatever leads from something old to an event, if only through others that are gone, keeps it until everything is collected.
test('nothing of an event outlives the collection of young objects, once it is stored and delivered', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'holdfast-short-lived-'))
  onTestFinished(() => rm(directory, { recursive: true, force: true }))
  let delivered = 0
  const receiver = await startedReceiver({
    buffer: diskBuffer({ directory }),
    sources: { sample: { connector: sample, secrets: [SECRET] } },
    destinations: { all: { handle: () => void delivered++, orderingKey: ({ id }) => id, concurrency: AT_ONCE } },
  })
  let next = 0
  const send = async (until: number): Promise<void> => {
    const body = 'x'.repeat(1024)
    const sender = async (): Promise<void> => {
      while (next < until) {
        const { status } = await receiver.accept('sample', webhook(JSON.stringify({ id: String(next++), body })))
        expect(status).toBe(200)
      }
    }
    await Promise.all(Array.from({ length: AT_ONCE }, sender))
    await receiver.drained()
  }

  await send(1_000)
  collect({ type: 'major' })
  const before = process.memoryUsage().heapUsed
  for (let until = next + 200; until <= 1_000 + EVENTS; until += 200) {
    await send(until)
    collect({ type: 'minor' })
  }
  collect({ type: 'minor' })
  expect(delivered).toBe(1_000 + EVENTS)
  expect(process.memoryUsage().heapUsed - before).toBeLessThan(EVENTS * LEFT_BYTES)
})
