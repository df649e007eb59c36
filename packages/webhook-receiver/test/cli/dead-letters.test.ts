import { setImmediate } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import type { DeadLetter, NewEvent } from '../../src/buffer/event-buffer.ts'
import { diskBuffer } from '../../src/disk/disk-buffer.ts'
import { DiskConsumer } from '../../src/disk/disk-consumer.ts'
import { holdfast, jsonLines, sampleEvent, storedDirectory, temporaryDirectory } from './cli-fixture.ts'

setFlagsFromString('--expose-gc')
const gc = runInNewContext('gc') as () => void

/** A buffer that is open, whose destination `orders` has given up these. */
async function withDeadLetters(events: readonly NewEvent[]) {
  const directory = temporaryDirectory()
  const buffer = diskBuffer({ directory })
  await buffer.open()
  await buffer.append(events)
  const consumer = await buffer.openConsumer('orders')
  const [lease] = await consumer.acquire({ owner: 'test', leaseMs: 1_000 })
  if (lease === undefined) throw new Error('no lease')
  const entries = await consumer.read(lease, null, { limit: 10_000, maxBytes: 100_000_000, waitMs: 0 })
  const why = { attempts: 3, at: 0, code: 'timeout', message: 'too slow' }
  await consumer.deadLetter(
    lease,
    entries.flatMap((entry) => (entry.kind === 'hole' ? [] : [{ event: entry.event, lane: '', redrives: 0, why }])),
  )
  return { directory, buffer }
}

/** Counts how many of the letters that commands are given are in memory at once, and how many are changed in one call. */
function countHeld() {
  const held = { letters: 0, changed: [] as number[] }
  const given: WeakRef<DeadLetter>[] = []
  const { deadLetters, redrive, purge } = DiskConsumer.prototype
  const count = async () => {
    await setImmediate()
    gc()
    held.letters = Math.max(held.letters, given.filter((letter) => letter.deref() !== undefined).length)
  }
  vi.spyOn(DiskConsumer.prototype, 'deadLetters').mockImplementation(async function* (this: DiskConsumer) {
    for await (const letter of deadLetters.call(this)) {
      given.push(new WeakRef(letter))
      yield letter
      if (given.length % 100 === 0) await count()
    }
    await count()
  })
  for (const [name, change] of Object.entries({ redrive, purge }))
    vi.spyOn(DiskConsumer.prototype, name as 'redrive' | 'purge').mockImplementation(function (
      this: DiskConsumer,
      places,
    ) {
      held.changed.push(places.length)
      return change.call(this, places)
    })
  onTestFinished(() => void vi.restoreAllMocks())
  return held
}

describe('holdfast dead-letters', () => {
  it('lists, takes back and deletes what was given up', async () => {
    const { directory, buffer } = await withDeadLetters([1, 2, 3].map((number) => sampleEvent(number)))
    const running = await holdfast(['dead-letters', 'list', directory, '--json'])
    expect(jsonLines(running.stdout)).toMatchObject([1, 2, 3].map(() => ({ why: { at: '1970-01-01T00:00:00.000Z' } })))
    const refused = await holdfast(['dead-letters', 'redrive', directory, '--all', '--destination', 'orders'])
    expect(refused.code).toBe(1)
    expect(refused.stderr).toMatch(/ in use by process .* Stop the application first, or call `receiver/)
    expect(refused.stderr).toContain("`receiver.destination('orders').deadLetters.redrive` in it.\n")
    await buffer.close()

    const listed = await holdfast(['dead-letters', 'list', directory])
    expect(listed.stdout).toMatch(/evt_1 +shop order\.paid +3 +1970-01-01T00:00:00\.000Z +timeout: too slow\n/)
    expect((await holdfast(['dead-letters', 'redrive', directory])).stderr).toContain('Say which: --all')
    const dry = await holdfast(['dead-letters', 'redrive', directory, '--id', 'evt_2', '--dry-run', '--json'])
    expect(jsonLines(dry.stdout)).toEqual([{ dryRun: true, destination: 'orders', count: 1 }])
    const redriven = await holdfast(['dead-letters', 'redrive', directory, '--id', 'evt_2'])
    expect(redriven.stdout).toMatch(/^1 dead letter of \w+ will be delivered again\n$/)
    const purged = await holdfast(['dead-letters', 'purge', directory, '--id', 'evt_3'])
    expect(purged.stdout).toBe('1 dead letter of orders deleted\n')
    const left = await holdfast(['dead-letters', 'list', directory, '--json'])
    expect(jsonLines(left.stdout).map(({ event }) => (event as { id: string }).id)).toEqual(['evt_1'])
    const [stats] = jsonLines((await holdfast(['inspect', directory, '--json'])).stdout)
    expect(stats).toMatchObject({ consumers: [{ name: 'orders', parked: 1, deadLetters: 1 }] })
  })

  it.each([
    ['list', [], []],
    ['list', ['--json'], []],
    ['redrive', ['--all', '--dry-run'], []],
    ['redrive', ['--all'], [512, 88]],
    ['purge', ['--all'], [512, 88]],
  ])('keeps few letters in memory, however many there are: %s %j', async (command, options, changed) => {
    const numbers = Array.from({ length: 600 }, (_, index) => index + 1)
    const { directory, buffer } = await withDeadLetters(numbers.map((number) => sampleEvent(number)))
    await buffer.close()
    const held = countHeld()
    const { code, stdout } = await holdfast(['dead-letters', command, directory, ...options])
    expect(code).toBe(0)
    expect(stdout).toContain(command === 'list' ? 'evt_600' : '600 dead letters')
    expect(held.letters).toBeGreaterThan(0)
    expect(held.letters).toBeLessThanOrEqual(3)
    expect(held.changed).toEqual(changed)
  })

  it('lists more than a page with the headings once, in columns that do not get narrower', async () => {
    const numbers = Array.from({ length: 502 }, (_, index) => index + 1)
    const { directory, buffer } = await withDeadLetters(numbers.map((number) => sampleEvent(number)))
    await buffer.close()
    const lines = (await holdfast(['dead-letters', 'list', directory])).stdout.trimEnd().split('\n')
    expect(lines).toHaveLength(503)
    expect(lines.filter((line) => line.startsWith('position'))).toHaveLength(1)
    expect(new Set(lines.slice(1).map((line) => line.indexOf('shop order.paid'))).size).toBe(1)
    expect(lines.at(-1)).toContain('evt_502')
  })

  it.each([
    ['list', [], ['reading']],
    ['redrive', ['--all', '--dry-run'], ['reading']],
    ['redrive', ['--all'], ['reading', 'redriving']],
    ['purge', ['--all'], ['reading', 'deleting']],
  ])('shows its progress on a terminal, but with --json: %s %j', async (command, options, labels) => {
    const { directory, buffer } = await withDeadLetters([sampleEvent(1)])
    await buffer.close()
    const args = ['dead-letters', command, directory, ...options]
    const preview = await holdfast(['dead-letters', 'list', directory, '--json'], { isTerminal: true })
    expect(preview).toMatchObject({ code: 0, stderr: '' })
    const { stderr } = await holdfast(args, { isTerminal: true })
    expect(stderr.match(/[a-z]+(?= \[)/g)).toEqual(labels)
    expect(stderr).toMatch(/100% 1 of 1 .*?(?:\r +\r)+$/)
    expect((await holdfast([...args, '--json'], { isTerminal: true })).stderr).toBe('')
    expect((await holdfast(args)).stderr).toBe('')
  })

  it('says that there are none, but in JSON', async () => {
    const directory = await storedDirectory([], ['orders'])
    const list = ['dead-letters', 'list', directory]
    expect((await holdfast(list)).stdout).toBe('orders has no dead letters.\n')
    expect((await holdfast([...list, '--id', 'x'])).stdout).toBe(
      'orders has no dead letters that the options choose.\n',
    )
    expect((await holdfast([...list, '--json'])).stdout).toBe('')
    expect((await holdfast(['dead-letters', 'purge', directory, '--all'])).stdout).toBe(
      '0 dead letters of orders deleted\n',
    )
  })

  it('asks which destination is meant', async () => {
    const directory = await storedDirectory([], ['crm', 'orders'])
    expect((await holdfast(['dead-letters', 'list', directory])).stderr).toContain('--destination: crm, orders')
    expect((await holdfast(['dead-letters', 'list', directory, '--destination', 'x'])).stderr).toContain(
      'There is no destination x',
    )
  })
})
