import { describe, expect, it } from 'vitest'
import { diskBuffer } from '../../src/disk/disk-buffer.ts'
import { holdfast, jsonLines, sampleEvent, storedDirectory, temporaryDirectory } from './cli-fixture.ts'

describe('holdfast dead-letters', () => {
  it('lists, takes back and deletes what was given up', async () => {
    const directory = temporaryDirectory()
    const buffer = diskBuffer({ directory })
    await buffer.open()
    await buffer.append([1, 2, 3].map((number) => sampleEvent(number)))
    const consumer = await buffer.openConsumer('orders')
    const [lease] = await consumer.acquire({ owner: 'test', leaseMs: 1_000 })
    if (lease === undefined) throw new Error('no lease')
    const entries = await consumer.read(lease, null, { limit: 10, maxBytes: 1_000_000, waitMs: 0 })
    const letters = entries.flatMap((entry) =>
      entry.kind === 'hole'
        ? []
        : [
            {
              event: entry.event,
              lane: '',
              redrives: 0,
              why: { attempts: 3, at: 0, code: 'timeout', message: 'too slow' },
            },
          ],
    )
    await consumer.deadLetter(lease, letters)
    const running = await holdfast(['dead-letters', 'list', directory, '--json'])
    expect(jsonLines(running.stdout)).toHaveLength(3)
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
