import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { diskBuffer } from '../../src/disk/disk-buffer.ts'
import { holdfast, jsonLines, sampleEvent, storedDirectory, temporaryDirectory } from './cli-fixture.ts'

describe('holdfast export and import', () => {
  const events = [
    sampleEvent(1, {
      tenant: 'acme',
      eventId: 'original',
      remoteAddress: '10.0.0.1',
      occurredAt: Date.UTC(2026, 10, 25),
    }),
    sampleEvent(2, { body: Buffer.from([0, 255, 13, 10]), batch: { id: 'b', index: 1, size: 3 } }),
    sampleEvent(3, { body: Buffer.from('\uFEFF"quoted", and\r\nmore, €') }),
    sampleEvent(4, { body: Buffer.alloc(0), headers: [['X-Odd', ' ", ']] }),
  ]

  it.each(['jsonl', 'csv'])('bring every byte back as %s', async (format) => {
    const directory = await storedDirectory(events)
    const file = join(temporaryDirectory(), `../events.${format}`)
    expect(await holdfast(['export', directory, '-o', file])).toMatchObject({ code: 0, stderr: '4 events written\n' })
    const other = temporaryDirectory()
    const dry = await holdfast(['import', other, file, '--create', '--dry-run'])
    expect(dry.stdout).toBe('4 events read, 4 would be stored, 0 there already\n')
    expect((await holdfast(['import', other, file, '--create'])).stdout).toBe(
      '4 events read, 4 stored, 0 there already\n',
    )
    expect((await holdfast(['import', other, file, '--dry-run'])).stdout).toContain(
      '0 would be stored, 4 there already',
    )
    expect((await holdfast(['import', other, file])).stdout).toContain('0 stored, 4 there already')
    expect((await holdfast(['export', other])).stdout).toBe((await holdfast(['export', directory])).stdout)
    const [, second] = jsonLines((await holdfast(['export', other])).stdout)
    expect(second).toMatchObject({ bodyBase64: 'AP8NCg==', headers: events[1]?.headers })
  })

  it('counts an event that comes twice in a file once, with --dry-run as without', async () => {
    const [line] = (await holdfast(['export', await storedDirectory([sampleEvent(1)])])).stdout.split('\n')
    const twice = { stdin: `${line}\n${line}\n` }
    const args = ['import', temporaryDirectory(), '-', '--create', '--json']
    const counts = { read: 2, appended: 1, duplicates: 1 }
    expect(jsonLines((await holdfast([...args, '--dry-run'], twice)).stdout)).toEqual([{ dryRun: true, ...counts }])
    expect(jsonLines((await holdfast(args, twice)).stdout)).toEqual([{ dryRun: false, ...counts }])
  })

  it('says with --dry-run which event is too large, as it does without', async () => {
    const directory = await storedDirectory([sampleEvent(1)])
    const tooLarge = [
      { body: 'x'.repeat(32 * 1024 * 1024 + 1) },
      { body: '', headers: [['x-large', 'x'.repeat(65_536)]] },
    ]
    for (const fields of tooLarge) {
      const line = { stdin: JSON.stringify({ id: '2', source: 's', receivedAt: '2026-01-01', ...fields }) }
      const { code, stderr } = await holdfast(['import', directory, '-'], line)
      expect({ code, stderr }).toEqual({ code: 1, stderr: expect.stringContaining('; the buffer takes') })
      expect(await holdfast(['import', directory, '-', '--dry-run'], line)).toEqual({ code, stderr, stdout: '' })
    }
  })

  it('knows with --create --dry-run what is in a directory with shards', async () => {
    const directory = temporaryDirectory()
    const buffer = diskBuffer({ directory, shards: 'auto' })
    await buffer.open()
    await buffer.append([sampleEvent(1)])
    await buffer.close()
    const { stdout } = await holdfast(['export', directory])
    expect((await holdfast(['import', directory, '-', '--create', '--dry-run'], { stdin: stdout })).stdout).toBe(
      '1 event read, 0 would be stored, 1 there already\n',
    )
  })

  it('makes no directory with --create --dry-run', async () => {
    const directory = temporaryDirectory()
    expect(await holdfast(['import', directory, '-', '--create', '--dry-run'])).toMatchObject({ code: 0 })
    expect(existsSync(directory)).toBe(false)
  })

  it('says how much of a file was stored before a line that is no event, and stores the rest when it is mended', async () => {
    const directory = await storedDirectory([])
    const lines = Array.from({ length: 300 }, (_, number) =>
      JSON.stringify({ id: `e${number}`, source: 's', receivedAt: '2026-01-01', body: '' }),
    )
    const { code, stderr } = await holdfast(['import', directory, '-'], { stdin: [...lines, '{'].join('\n') })
    expect({ code, stderr }).toEqual({
      code: 2,
      stderr:
        'holdfast: standard input, line 301: this is not JSON. 256 events before it were stored; mend the file and import it again.\n',
    })
    const { stdout } = await holdfast(['import', directory, '-'], { stdin: lines.join('\n') })
    expect(stdout).toBe('300 events read, 44 stored, 256 there already\n')
  })

  it('names a column that CSV must have', async () => {
    const { code, stderr } = await holdfast(['import', await storedDirectory([]), '-', '--format', 'csv'], {
      stdin: 'ID,source,receivedAt\n1,s,2026-01-01\n',
    })
    expect({ code, stderr }).toEqual({
      code: 2,
      stderr: 'holdfast: standard input, row 1: expected the names of the columns, `id` among them.\n',
    })
  })

  it('takes back an event whose URL is empty', async () => {
    const { stdout } = await holdfast(['export', await storedDirectory([sampleEvent(1, { url: '' })])])
    const directory = temporaryDirectory()
    await holdfast(['import', directory, '-', '--create'], { stdin: stdout })
    expect((await holdfast(['export', directory])).stdout).toBe(stdout)
  })

  it('takes - for standard output, and a directory for no file', async () => {
    const directory = await storedDirectory(events)
    const { stdout } = await holdfast(['export', directory, '-o', '-'])
    expect(stdout).toBe((await holdfast(['export', directory])).stdout)
    expect(await holdfast(['import', directory, directory])).toMatchObject({
      code: 2,
      stderr: `holdfast: ${directory} is a directory.\n`,
    })
  })

  it('overwrites no file', async () => {
    const directory = await storedDirectory(events)
    const file = join(temporaryDirectory(), '../kept.csv')
    writeFileSync(file, 'mine')
    expect(await holdfast(['export', directory, '-o', file])).toMatchObject({ code: 2 })
    expect(readFileSync(file, 'utf8')).toBe('mine')
  })

  it.each([
    ['{"id":"1"}', 'standard input, line 1: `source` must be a text.'],
    ['\n{', 'standard input, line 2: this is not JSON.'],
    [JSON.stringify({ id: '1', source: 's', receivedAt: 'yesterday', body: '' }), '`receivedAt` must be a time'],
    [JSON.stringify({ id: '1', source: 's', receivedAt: '2026-01-01' }), 'expected either `body`'],
    [JSON.stringify({ id: '1', source: 's', receivedAt: '2026-01-01', bodyBase64: '*' }), 'in base64'],
    [JSON.stringify({ id: '1', source: 's', receivedAt: '2026-01-01', body: '', headers: {} }), '`headers` must be'],
  ])('names the line that is no event: %s', async (line, message) => {
    const directory = await storedDirectory([])
    const { code, stderr } = await holdfast(['import', directory, '-'], { stdin: line })
    expect(code).toBe(2)
    expect(stderr).toContain(message)
  })
})
