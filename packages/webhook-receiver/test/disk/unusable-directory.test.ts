import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { BufferError } from '../../src/buffer/buffer-error.ts'
import type { EventBuffer } from '../../src/buffer/event-buffer.ts'
import { diskBuffer, sqliteBuffer } from '../../src/disk/index.ts'

type Make = (directory: string) => EventBuffer

const buffers: readonly (readonly [string, Make])[] = [
  ['diskBuffer', (directory) => diskBuffer({ directory })],
  ['diskBuffer with shards', (directory) => diskBuffer({ directory, shards: 'auto' })],
  ['sqliteBuffer', (directory) => sqliteBuffer({ directory })],
]

describe.each(buffers)('%s', (_, make) => {
  it('says in its message which place cannot be opened because it is a file, or below one', async () => {
    const file = fileIn(temporaryDirectory())
    expect(await refusalOf(make(file))).toMatch(/(?:EEXIST: it is|ENOTDIR: a part of its path is) a file/)
    expect(await refusalOf(make(file))).toContain(file)
    expect(await refusalOf(make(join(file, 'inbox')))).toContain('ENOTDIR: a part of its path is a file')
  })

  it.runIf(process.platform === 'linux').each(['/proc/holdfast', '/proc/self/fd/holdfast/inbox', '/dev/null/inbox'])(
    'rejects where nothing can be made, as in %s, and does not try for ever',
    async (directory) => {
      expect(await refusalOf(make(directory))).toMatch(/ENOENT: nothing can be made there|ENOTDIR/)
      expect(await refusalOf(make(directory))).toContain(directory)
    },
  )
})

it('says in its message what SQLite says of a file that is no database', async () => {
  const directory = temporaryDirectory()
  writeFileSync(join(directory, 'events.db'), 'This is no database, and long enough to be taken for one.'.repeat(20))
  const message = await refusalOf(sqliteBuffer({ directory }))
  expect(message).toContain(join(directory, 'events.db'))
  expect(message).toContain('file is not a database')
})

async function refusalOf(buffer: EventBuffer): Promise<string> {
  const error: unknown = await buffer.open().catch((thrown: unknown) => thrown)
  expect(error).toBeInstanceOf(BufferError)
  expect(error).toMatchObject({ reason: 'buffer_unusable' })
  return (error as BufferError).message
}

function temporaryDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), 'holdfast-unusable-'))
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }))
  return directory
}

function fileIn(directory: string): string {
  const file = join(directory, 'file')
  writeFileSync(file, '')
  return file
}
