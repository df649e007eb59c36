import fs from 'node:fs'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { syncBuiltinESMExports } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { nodeFileSystem } from '../../src/disk/index.ts'

const synced: string[] = []
const { fsync } = fs
const recordingFsync = vi.spyOn(fs, 'fsync')

beforeAll(() => {
  recordingFsync.mockImplementation((descriptor, callback) => {
    synced.push(fs.readlinkSync(`/proc/self/fd/${descriptor}`))
    fsync(descriptor, callback)
  })
  syncBuiltinESMExports()
})
afterAll(() => {
  recordingFsync.mockRestore()
  syncBuiltinESMExports()
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
