import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { nodeFileSystem } from '../../src/disk/index.ts'

const synced = vi.hoisted((): string[] => [])
vi.mock('node:fs', async (importOriginal) => {
  const fs = await importOriginal<typeof import('node:fs')>()
  const fsync: typeof fs.fsync = Object.assign(
    (descriptor: number, callback: Parameters<typeof fs.fsync>[1]): void => {
      synced.push(fs.readlinkSync(`/proc/self/fd/${descriptor}`))
      fs.fsync(descriptor, callback)
    },
    { __promisify__: fs.fsync.__promisify__ },
  )
  return { ...fs, fsync }
})

let directory: string
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'holdfast-files-'))
  synced.length = 0
})
afterEach(() => rm(directory, { recursive: true, force: true }))

describe('nodeFileSystem', () => {
  test('touches no other file through one that is closed', async () => {
    const fileSystem = nodeFileSystem()
    const closed = await fileSystem.open(join(directory, 'closed'), 'create')
    await closed.close()
    // Gets the number that the closed file had.
    const other = await fileSystem.open(join(directory, 'other'), 'create')
    await other.write([Buffer.from('mine')], 0)
    await expect(closed.write([Buffer.from('late')], 0)).rejects.toThrow()
    await expect(closed.truncate(0)).rejects.toThrow()
    await closed.close()
    await other.datasync()
    await other.close()
    expect(await readFile(join(directory, 'other'), 'utf8')).toBe('mine')
  })

  // The names of what is open are in /proc.
  test.runIf(process.platform === 'linux')('makes the name of every directory durable that it makes', async () => {
    const fileSystem = nodeFileSystem()
    await fileSystem.makeDirectory(join(directory, 'a/b/c'))
    expect(synced.toSorted()).toEqual([directory, join(directory, 'a'), join(directory, 'a/b')])
    synced.length = 0
    await fileSystem.makeDirectory(join(directory, 'a/b/c'))
    expect(synced).toEqual([join(directory, 'a/b')])
  })
})
