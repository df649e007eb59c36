import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { overlayFileSystem } from '../../src/cli/overlay-file-system.ts'
import type { FileSystem } from '../../src/disk/file-system.ts'
import { nodeFileSystem } from '../../src/disk/node-file-system.ts'

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

/** Counts the files that are open. */
function counted(inner: FileSystem): { readonly base: FileSystem; readonly openFiles: () => number } {
  let open = 0
  const base: FileSystem = {
    ...inner,
    async open(path, mode) {
      const file = await inner.open(path, mode)
      open++
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
  return { base, openFiles: () => open }
}
