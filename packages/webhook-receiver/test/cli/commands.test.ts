import { createHash } from 'node:crypto'
import { readdirSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import type { EventBuffer } from '../../src/buffer/event-buffer.ts'
import { diskBuffer } from '../../src/disk/disk-buffer.ts'
import { sqliteBuffer } from '../../src/disk/sqlite/sqlite-buffer.ts'
import {
  flipBit,
  holdfast,
  jsonLines,
  sampleEvent,
  segmentOf,
  storedDirectory,
  temporaryDirectory,
} from './cli-fixture.ts'

/** A buffer that stays open, with an event that is still to be delivered. */
async function runningApplication(): Promise<{ readonly directory: string; readonly buffer: EventBuffer }> {
  const directory = temporaryDirectory()
  const buffer = diskBuffer({ directory })
  await buffer.open()
  onTestFinished(() => buffer.close())
  await buffer.append([sampleEvent(1)])
  await buffer.openConsumer('orders')
  return { directory, buffer }
}

describe('holdfast inspect', () => {
  it('shows what is in a buffer', async () => {
    const directory = await storedDirectory([sampleEvent(1), sampleEvent(2)], ['orders'])
    const { code, stdout } = await holdfast(['inspect', directory])
    expect(code).toBe(0)
    expect(stdout).toMatch(/events +2\n/)
    expect(stdout).toMatch(/orders +2 +0 +0\n/)
    const [json] = jsonLines((await holdfast(['inspect', directory, '--json'])).stdout)
    expect(json).toMatchObject({ events: 2, lost: 0, consumers: [{ name: 'orders', backlog: 2 }] })
  })

  it('looks into the buffer of a running application, and changes no byte of it', async () => {
    const { directory, buffer } = await runningApplication()
    const before = withoutMeta(fingerprint(directory))
    const { code, stdout } = await holdfast(['inspect', directory, '--json'])
    expect(code).toBe(0)
    expect(jsonLines(stdout)[0]).toMatchObject({ events: 1, consumers: [{ name: 'orders', backlog: 1 }] })
    expect(withoutMeta(fingerprint(directory))).toEqual(before)
    expect(await buffer.append([sampleEvent(2)])).toMatchObject([{ status: 'appended' }])
  })

  it.each([
    ['stats', 'DIRECTORY'],
    ['tail', 'DIRECTORY'],
    ['verify', 'DIRECTORY'],
    ['export', 'DIRECTORY'],
    ['replay', 'DIRECTORY', '--dry-run'],
    ['import', 'DIRECTORY', '-', '--dry-run'],
    ['dead-letters', 'list', 'DIRECTORY'],
    ['dead-letters', 'redrive', 'DIRECTORY', '--all', '--dry-run'],
    ['dead-letters', 'purge', 'DIRECTORY', '--all', '--dry-run'],
    ['repair', 'DIRECTORY', '--dry-run'],
  ])('is not the only one that may look meanwhile: %s', async (...args) => {
    const { directory, buffer } = await runningApplication()
    const before = withoutMeta(fingerprint(directory))
    expect(await holdfast(args.map((arg) => (arg === 'DIRECTORY' ? directory : arg)))).toMatchObject({ code: 0 })
    expect(withoutMeta(fingerprint(directory))).toEqual(before)
    expect(await buffer.append([sampleEvent(2)])).toMatchObject([{ status: 'appended' }])
  })

  it('says that there is no buffer, and makes none', async () => {
    const directory = temporaryDirectory()
    const { code, stderr } = await holdfast(['inspect', directory])
    expect(code).toBe(2)
    expect(stderr).toBe(`holdfast: There is no directory \`${directory}\`.\n`)
  })

  it('says that a file is no directory', async () => {
    const file = segmentOf(await storedDirectory([sampleEvent(1)]))
    expect(await holdfast(['inspect', file])).toMatchObject({
      code: 2,
      stderr: `holdfast: \`${file}\` is no directory.\n`,
    })
  })

  it('says that there is one on SQLite, which it cannot look into', async () => {
    const directory = temporaryDirectory()
    const buffer = sqliteBuffer({ directory })
    await buffer.open()
    await buffer.close()
    const { code, stderr } = await holdfast(['inspect', directory])
    expect(code).toBe(2)
    expect(stderr).toContain(`\`${directory}\` has a buffer on SQLite. Of these commands only \`move\` takes one`)
  })
})

describe('holdfast on a directory with shards', () => {
  it('looks into all of them together, while processes have them open', async () => {
    const directory = temporaryDirectory()
    for (const number of [1, 2]) {
      const buffer = diskBuffer({ directory, shards: 'auto' })
      await buffer.open()
      onTestFinished(() => buffer.close())
      await buffer.openConsumer('orders')
      await buffer.append([sampleEvent(number)])
    }
    const inspected = await holdfast(['inspect', directory])
    expect(inspected.stdout).toMatch(/shards +2\n/)
    expect(inspected.stdout).toMatch(/orders +2 +0 +0\n/)
    expect((await holdfast(['verify', directory])).stdout).toMatch(/^2 events/)
    const exported = await holdfast(['export', directory])
    expect(jsonLines(exported.stdout).map(({ id }) => id)).toEqual(['evt_1', 'evt_2'])
    expect(jsonLines((await holdfast(['stats', directory, '--json'])).stdout)).toMatchObject([{ events: 2 }])
    expect(jsonLines((await holdfast(['tail', directory, '--json'])).stdout)).toHaveLength(2)
    expect(await holdfast(['repair', directory])).toMatchObject({ code: 1 })
  })

  it('changes them, and moves what is left in all of them, when they are free', async () => {
    const directory = temporaryDirectory()
    const buffers = [1, 2].map(() => diskBuffer({ directory, shards: 'auto' }))
    for (const [index, buffer] of buffers.entries()) {
      await buffer.open()
      await buffer.openConsumer('orders')
      await buffer.append([sampleEvent(index + 1)])
    }
    for (const buffer of buffers) await buffer.close()
    expect((await holdfast(['repair', directory])).stdout).toMatch(
      /^nothing to repair; what is in sealed segments was not read/,
    )
    const other = temporaryDirectory()
    expect(await holdfast(['move', '--from', `file:${directory}`, '--to', `file:${other}`])).toMatchObject({ code: 0 })
    expect((await holdfast(['inspect', other])).stdout).toMatch(/orders +2 +0 +0\n/)
    expect(await holdfast(['gateway', '--target', 'http://127.0.0.1:1', '--buffer', directory])).toMatchObject({
      code: 1,
    })
  })
})

describe('holdfast stats', () => {
  it('counts by what it is asked for', async () => {
    const directory = await storedDirectory([
      sampleEvent(1),
      sampleEvent(2),
      sampleEvent(3, { source: 'crm', type: 'made\u001b[2J' }),
    ])
    expect(jsonLines((await holdfast(['stats', directory, '--json'])).stdout)).toMatchObject([
      { source: 'crm', events: 1 },
      { source: 'shop', events: 2, bytes: 24, first: '2026-11-26T01:00:00.000Z' },
    ])
    expect(jsonLines((await holdfast(['stats', directory, '--by', 'hour', '--json'])).stdout)).toHaveLength(3)
    expect(jsonLines((await holdfast(['stats', directory, '--by', 'type', '--json'])).stdout)).toMatchObject([
      { source: 'crm', type: 'made\u001b[2J', events: 1 },
      { source: 'shop', type: 'order.paid', events: 2 },
    ])
    expect(jsonLines((await holdfast(['stats', directory, '--by', 'tenant', '--json'])).stdout)).toMatchObject([
      { source: 'crm', tenant: null },
      { source: 'shop', tenant: null },
    ])
    const { stdout } = await holdfast(['stats', directory, '--by', 'type'])
    expect(stdout).toContain('made\\x1b[2J')
    expect((await holdfast(['stats', directory, '--by', 'colour'])).stderr).toContain('--by takes source, type')
  })

  it('says beside the table how many are lost', async () => {
    const directory = await storedDirectory([1, 2, 3].map((number) => sampleEvent(number)))
    flipBit(directory, '{"number":2}')
    const { stdout, stderr } = await holdfast(['stats', directory, '--json'])
    expect(jsonLines(stdout)).toMatchObject([{ events: 2 }])
    expect(stderr).toBe('1 event is lost, and not counted\n')
  })
})

describe('holdfast tail', () => {
  it('shows the last events, and only those that are asked for', async () => {
    const directory = await storedDirectory([1, 2, 3, 4].map((number) => sampleEvent(number)))
    const { stdout } = await holdfast(['tail', directory, '-n', '2', '--body'])
    expect(stdout.split('\n').filter((line) => line.startsWith('2026'))).toHaveLength(2)
    expect(stdout).toContain('{"number":4}')
    const chosen = await holdfast([
      'tail',
      directory,
      '--json',
      '--from',
      '2026-11-26T02:00:00Z',
      '--to',
      '2026-11-26T04:00:00Z',
    ])
    expect(jsonLines(chosen.stdout).map(({ id }) => id)).toEqual(['evt_2', 'evt_3'])
    const byId = await holdfast(['tail', directory, '--json', '--id', 'evt_1', '--id', 'evt_4'])
    expect(jsonLines(byId.stdout).map(({ id }) => id)).toEqual(['evt_1', 'evt_4'])
  })

  it('follows an application that goes on writing, until it is stopped', async () => {
    const directory = temporaryDirectory()
    const buffer = diskBuffer({ directory, segmentBytes: 4096 })
    await buffer.open()
    onTestFinished(() => buffer.close())
    await buffer.append([sampleEvent(1)])
    const stopping = new AbortController()
    const seen: string[] = []
    const ended = holdfast(['tail', directory, '--follow', '--json'], {
      signal: stopping.signal,
      onStdout: (text) => {
        seen.push(...jsonLines(text).map(({ id }) => String(id)))
        if (seen.length === 1)
          void buffer.append([2, 3, 4].map((number) => sampleEvent(number, { body: Buffer.alloc(3_000) })))
        if (seen.length === 4) stopping.abort(new Error('enough'))
      },
    })
    expect((await ended).code).toBe(130)
    expect(seen).toEqual(['evt_1', 'evt_2', 'evt_3', 'evt_4'])
  })
})

describe('holdfast verify', () => {
  it('finds nothing in a buffer that is intact', async () => {
    const directory = await storedDirectory([sampleEvent(1), sampleEvent(2)])
    expect(await holdfast(['verify', directory])).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('2 events') as string,
    })
  })

  it('names the events that a flipped bit has cost, and changes nothing', async () => {
    const directory = await storedDirectory([1, 2, 3].map((number) => sampleEvent(number)))
    flipBit(directory, '{"number":2}')
    const before = fingerprint(directory)
    const { code, stdout, stderr } = await holdfast(['verify', directory, '--json'])
    expect({ code, stderr }).toEqual({ code: 1, stderr: 'holdfast: 1 event is lost.\n' })
    expect(jsonLines(stdout)[0]).toMatchObject({ events: 2, holes: [{ lost: 1 }] })
    expect(fingerprint(directory)).toEqual(before)
  })
})

describe('holdfast repair', () => {
  it('says what it would do, and does it when it is told to', async () => {
    const directory = await storedDirectory([sampleEvent(1)])
    const segment = segmentOf(directory)
    truncateSync(segment, statSync(segment).size - 20)
    const before = fingerprint(directory)
    await holdfast(['repair', directory, '--dry-run'])
    expect(fingerprint(directory)).toEqual(before)
    expect((await holdfast(['repair', directory])).code).toBeLessThanOrEqual(1)
    expect((await holdfast(['repair', directory])).stdout).toMatch(
      /^nothing to repair; what is in sealed segments was not read/,
    )
  })

  it('says what it lost without what describes the segments', async () => {
    const directory = await storedDirectory([sampleEvent(1)])
    rmSync(join(directory, 'META'))
    const { code, stdout } = await holdfast(['repair', directory, '--dry-run'])
    expect({ code, stdout }).toEqual({ code: 0, stdout: expect.stringMatching(/^META is lost, and was made anew/) })
  })

  it('says nothing of an unfinished write when there was none', async () => {
    const directory = await storedDirectory([sampleEvent(1), sampleEvent(2)])
    rmSync(segmentOf(directory))
    for (const args of [
      ['repair', directory, '--dry-run'],
      ['repair', directory],
    ])
      expect((await holdfast(args)).stdout).toBe('newly found: 2 events lost, 0000000000000001 to 0000000000000002\n')
  })

  it('gets events out with --mode salvage that opening would give up, and only says so with --dry-run', async () => {
    const directory = await storedDirectory([sampleEvent(1), sampleEvent(2)])
    const segment = segmentOf(directory)
    writeFileSync(segment, readFileSync(segment).fill(0, 0, 64))
    rmSync(join(directory, 'META'))
    const before = fingerprint(directory)
    expect(await holdfast(['repair', directory, '--mode', 'strict', '--dry-run'])).toMatchObject({ code: 1 })
    const dry = await holdfast(['repair', directory, '--mode', 'salvage', '--dry-run', '--json'])
    expect(jsonLines(dry.stdout)).toMatchObject([{ mode: 'salvage', dryRun: true, holes: [], lost: 0 }])
    expect(fingerprint(directory)).toEqual(before)
    await holdfast(['repair', directory, '--mode', 'salvage'])
    expect((await holdfast(['verify', directory])).stdout).toMatch(/^2 events/)
    expect((await holdfast(['repair', directory, '--mode', 'gently'])).stderr).toContain('--mode takes resync')
  })

  it('leaves a buffer alone that an application has open', async () => {
    const directory = temporaryDirectory()
    const buffer = diskBuffer({ directory })
    await buffer.open()
    onTestFinished(() => buffer.close())
    const { code, stderr } = await holdfast(['repair', directory])
    expect(code).toBe(1)
    expect(stderr).toContain(`in use by process ${process.pid}`)
  })
})

/** Every file of a directory with a hash of its bytes. */
function fingerprint(directory: string): Readonly<Record<string, string>> {
  const files = readdirSync(directory, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile())
  return Object.fromEntries(
    files.map((entry) => {
      const path = join(entry.parentPath, entry.name)
      return [path, createHash('sha256').update(readFileSync(path)).digest('hex')]
    }),
  )
}

/** An application writes META by itself once it is idle. */
function withoutMeta(files: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(files).filter(([path]) => !path.endsWith('/META')))
}
