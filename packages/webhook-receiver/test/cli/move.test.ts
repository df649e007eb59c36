import { describe, expect, test } from 'vitest'
import { sqliteBuffer } from '../../src/disk/index.ts'
import { holdfast, sampleEvent, storedDirectory, temporaryDirectory } from './cli-fixture.ts'

const events = Array.from({ length: 5 }, (_, index) => sampleEvent(index + 1))

describe('holdfast move', () => {
  test('brings the events of a directory into SQLite, and back nothing twice', async () => {
    const [from, to] = [await storedDirectory(events, ['orders']), temporaryDirectory()]
    const args = ['move', '--from', `file:${from}`, '--to', `sqlite:${to}`]
    expect(await holdfast(args)).toEqual({
      code: 0,
      stdout:
        '5 events moved, 0 there already, 0 lost before\n' +
        'The source still has them: delete it, for whoever drains it would deliver them again.\n',
      stderr: '',
    })
    expect((await holdfast([...args, '--json'])).stdout).toBe('{"dryRun":false,"moved":0,"duplicates":0,"lost":0}\n')
    const buffer = sqliteBuffer({ directory: to })
    await buffer.open()
    const entries = await buffer.read(0, null, { limit: 10, maxBytes: 1e6 })
    expect(entries.map((entry) => entry.kind === 'event' && entry.event.id)).toEqual(events.map(({ id }) => id))
    expect((await buffer.stats()).consumers).toMatchObject([{ name: 'orders', backlog: 5 }])
    await buffer.close()
  })

  test('only counts with --dry-run, and makes nothing', async () => {
    const from = await storedDirectory(events, ['orders', 'mail'])
    const args = ['move', '--from', `file:${from}`, '--to', `file:${temporaryDirectory()}`, '--dry-run']
    const { stdout } = await holdfast(args)
    expect(stdout).toContain('orders')
    expect(JSON.parse((await holdfast([...args, '--json'])).stdout)).toEqual({
      dryRun: true,
      events: 5,
      destinations: ['mail', 'orders'].map((destination) => ({ destination, backlog: 5, parked: 0, deadLetters: 0 })),
    })
    expect((await holdfast(['inspect', from])).stdout).not.toContain('holdfast-move')
  })

  test('says with --dry-run what is stored where no destination has read yet', async () => {
    const from = await storedDirectory(events)
    const args = ['move', '--from', `file:${from}`, '--to', `file:${temporaryDirectory()}`, '--dry-run']
    expect((await holdfast(args)).stdout).toBe('5 events stored, and no destination that has begun to read them\n')
  })

  test('asks whether a source that nobody has used is the one that is meant', async () => {
    const from = await storedDirectory([])
    const args = ['move', '--from', `file:${from}`, '--to', `file:${temporaryDirectory()}`]
    const { code, stderr } = await holdfast(args)
    expect(code).toBe(0)
    expect(stderr).toBe(`file:${from} was never used: is it the one you mean?\n`)
    // What was moved before has been used.
    expect((await holdfast(args)).stderr).toBe('')
  })

  test.each([
    [['--to', 'sqlite:x'], 'needs --from'],
    [['--from', 'sqlite:x'], 'needs --to'],
    [['--from', 'sqlite:x', '--to', 'sqlite:x'], 'the same buffer'],
    [['--from', './inbox', '--to', 'sqlite:x'], 'is no address of a buffer'],
    [['--from', 'ftp:x', '--to', 'sqlite:x'], '`ftp:` is no kind of buffer'],
    [['--from', 'file:./missing', '--to', 'sqlite:x'], 'There is no directory `./missing`'],
  ])('refuses %j', async (args, message) => {
    const { code, stderr } = await holdfast(['move', ...args])
    expect(code).toBe(2)
    expect(stderr).toContain(message)
  })
})
