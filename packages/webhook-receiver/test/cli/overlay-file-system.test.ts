import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { overlayFileSystem } from '../../src/cli/overlay-file-system.ts'
import type { FileSystem } from '../../src/disk/file-system.ts'
import { nodeFileSystem } from '../../src/disk/node-file-system.ts'

const MIB = 1024 * 1024

it('shows what is written through it, and leaves the files below as they are', async () => {
  const directory = temporaryDirectory()
  writeFileSync(join(directory, 'kept'), 'abcdef')
  const { fileSystem, close } = overlayFileSystem(nodeFileSystem())
  const file = await fileSystem.open(join(directory, 'kept'), 'write')
  await file.write([Buffer.from('XY')], 5)
  expect(await read(fileSystem, join(directory, 'kept'))).toBe('abcdeXY')
  await file.truncate(3)
  await file.write([Buffer.from('Z')], 4)
  expect(await read(fileSystem, join(directory, 'kept'))).toBe('abc\0Z')
  await fileSystem.open(join(directory, 'made'), 'create')
  await expect(fileSystem.open(join(directory, 'made'), 'create')).rejects.toMatchObject({ code: 'EEXIST' })
  expect((await fileSystem.list(directory)).toSorted()).toEqual(['kept', 'made'])
  await fileSystem.rename(join(directory, 'kept'), join(directory, 'moved'))
  await fileSystem.remove(join(directory, 'made'))
  expect(await fileSystem.list(directory)).toEqual(['moved'])
  await expect(fileSystem.open(join(directory, 'kept'), 'read')).rejects.toMatchObject({ code: 'ENOENT' })
  await close()
  expect(await nodeFileSystem().list(directory)).toEqual(['kept'])
  expect(readFileSync(join(directory, 'kept'), 'utf8')).toBe('abcdef')
})

it('closes every file that it has opened, so that one who looks again and again does not run out of them', async () => {
  const directory = temporaryDirectory()
  writeFileSync(join(directory, 'one'), '1')
  writeFileSync(join(directory, 'two'), '2')
  const { base, openFiles } = counted(nodeFileSystem())
  const { fileSystem, close } = overlayFileSystem(base)
  for (const name of ['one', 'two', 'one']) await read(fileSystem, join(directory, name))
  expect(openFiles()).toBe(2)
  await close()
  expect(openFiles()).toBe(0)
})

it('holds no more than 16 MiB of what is written through it, and leaves no file behind', async () => {
  const path = join(temporaryDirectory(), 'large')
  const { base, openFiles, created } = counted(nodeFileSystem())
  const { fileSystem, close } = overlayFileSystem(base)
  const file = await fileSystem.open(path, 'create')
  const block = Buffer.alloc(MIB)
  for (let index = 0; index < 16; index++) await file.write([block.fill(index)], index * MIB)
  expect(created()).toEqual([])
  for (let index = 16; index < 20; index++) await file.write([block.fill(index)], index * MIB)
  const [scratch = ''] = created()
  expect([created().length, openFiles(), existsSync(scratch), dirname(scratch)]).toEqual([1, 1, false, tmpdir()])
  await file.truncate(19 * MIB + 2)
  for (let index = 1; index < 20; index++) {
    const edge = Buffer.alloc(4)
    expect(await file.read(edge, index * MIB - 2)).toBe(4)
    expect([...edge]).toEqual([index - 1, index - 1, index, index])
  }
  await file.write([Buffer.from([7])], 18 * MIB)
  const last = Buffer.alloc(3)
  await file.read(last, 18 * MIB - 1)
  expect([...last]).toEqual([17, 7, 18])
  await close()
  expect(openFiles()).toBe(0)
})

function temporaryDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), 'holdfast-overlay-'))
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }))
  return directory
}

async function read(fileSystem: FileSystem, path: string): Promise<string> {
  const file = await fileSystem.open(path, 'read')
  const bytes = Buffer.alloc(await file.size())
  await file.read(bytes, 0)
  await file.close()
  return bytes.toString()
}

/** Counts the files that are open, and names those that were made. */
function counted(inner: FileSystem) {
  let open = 0
  const made: string[] = []
  const base: FileSystem = {
    ...inner,
    async open(path, mode) {
      const file = await inner.open(path, mode)
      open++
      if (mode === 'create') made.push(path)
      return {
        size: () => file.size(),
        read: (target, position) => file.read(target, position),
        write: (chunks, position) => file.write(chunks, position),
        truncate: (length) => file.truncate(length),
        datasync: () => file.datasync(),
        async close() {
          open--
          await file.close()
        },
      }
    },
  }
  return { base, openFiles: () => open, created: (): readonly string[] => made }
}
