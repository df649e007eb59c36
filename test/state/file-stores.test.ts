import { once } from 'node:events'
import { copyFile, mkdtemp, open, readdir, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import {
  type FileIdempotencyStore,
  type FileIdempotencyStoreOptions,
  fileIdempotencyStore,
  fileStateStore,
} from '@holdfast/adapters/file'
import { InvalidOptionsError } from '@holdfast/core'
import { stateStoreConformance, type StateStoreHarness } from '@holdfast/core/testing'
import { type IdempotencyHarness, idempotencyStoreConformance } from '@holdfast/webhook-receiver/testing'
import { describe, expect, onTestFinished, test } from 'vitest'
import { nextLine, startClient } from './file-store-process.ts'

const options = { owner: 'tester', leaseMs: 60_000, ttlMs: 60_000 }

async function temporaryDirectory(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'holdfast-file-'))
  onTestFinished(() => rm(directory, { recursive: true, force: true }))
  return directory
}

function openEffects(directory: string, more: Partial<FileIdempotencyStoreOptions> = {}): FileIdempotencyStore {
  const store = fileIdempotencyStore({ directory, ...more })
  onTestFinished(() => store.close())
  return store
}

/** Asks the file itself. */
function query<Row>(file: string, sql: string): Row[] {
  const database = new DatabaseSync(file)
  try {
    return database.prepare(sql).all() as Row[]
  } finally {
    database.close()
  }
}

async function tokenOf(store: FileIdempotencyStore, id: string, more = {}): Promise<number> {
  const beginning = await store.begin('orders', id, { ...options, ...more })
  if (beginning.state !== 'new') throw new Error(`${id} is ${beginning.state}.`)
  return beginning.token
}

const stateHarness: StateStoreHarness = {
  async create() {
    const directory = await mkdtemp(join(tmpdir(), 'holdfast-file-'))
    const stores = [fileStateStore({ directory })]
    return {
      store: stores[0]!,
      another: async () => {
        const store = fileStateStore({ directory })
        stores.push(store)
        return store
      },
      dispose: async () => {
        await Promise.all(stores.map((store) => store.close()))
        await rm(directory, { recursive: true, force: true })
      },
    }
  },
}

const effectHarness: IdempotencyHarness = {
  async create() {
    const directory = await mkdtemp(join(tmpdir(), 'holdfast-file-'))
    const stores: FileIdempotencyStore[] = []
    const add = (): FileIdempotencyStore => {
      const store = fileIdempotencyStore({ directory })
      stores.push(store)
      return store
    }
    const closeAll = (): Promise<unknown> => Promise.all(stores.splice(0).map((store) => store.close()))
    return {
      store: add(),
      another: async () => add(),
      reopen: async () => {
        await closeAll()
        return add()
      },
      // Everything becomes older: nobody can set the machine's clock.
      advance: async (ms) => {
        query(join(directory, 'effects.db'), `UPDATE effects SET ends_at = ends_at - ${ms}`)
      },
      dispose: async () => {
        await closeAll()
        await rm(directory, { recursive: true, force: true })
      },
    }
  },
}

describe('fileStateStore', () => {
  for (const { title, run } of stateStoreConformance) test.concurrent(title, () => run(stateHarness))

  test('remembers values after a restart, and gives greater tokens and new versions', async () => {
    const directory = await temporaryDirectory()
    const before = fileStateStore({ directory })
    const { entry } = await before.compareAndSet('key', { expected: undefined, value: 'value', ttlMs: 60_000 })
    const lease = await before.acquire('job', 60_000)
    await before.release(lease!)
    await before.close()
    await using after = fileStateStore({ directory })
    expect((await after.get('key')).entry).toEqual(entry)
    expect((await after.acquire('job', 60_000))?.token).toBeGreaterThan(lease!.token)
  })

  test('gives greater tokens and other versions also when the file was lost', async () => {
    const directory = await temporaryDirectory()
    const before = fileStateStore({ directory })
    const { entry } = await before.compareAndSet('key', { expected: undefined, value: 'value', ttlMs: 60_000 })
    const lease = await before.acquire('job', 60_000)
    await before.close()
    await rm(join(directory, 'state.db'))
    await using after = fileStateStore({ directory })
    expect((await after.acquire('job', 60_000))?.token).toBeGreaterThan(lease!.token)
    const again = await after.compareAndSet('key', { expected: undefined, value: 'value', ttlMs: 60_000 })
    expect(again.entry?.version).not.toBe(entry?.version)
  })

  test('rejects with the reason of a signal that aborts while it waits', async () => {
    await using store = fileStateStore({ directory: await temporaryDirectory() })
    const reason = new Error('enough')
    const controller = new AbortController()
    const waiting = store.get('key', controller.signal)
    controller.abort(reason)
    await expect(waiting).rejects.toBe(reason)
  })

  test('keeps no more rows than are in force', async () => {
    const directory = await temporaryDirectory()
    await using store = fileStateStore({ directory })
    const write = (index: number, ttlMs: number): Promise<unknown> =>
      store.compareAndSet(`key ${index}`, { expected: undefined, value: 'value', ttlMs })
    await Promise.all(Array.from({ length: 400 }, (_, index) => write(index, 60_000)))
    const count = (): unknown => query(join(directory, 'state.db'), 'SELECT COUNT(*) AS count FROM state')
    expect(count()).toEqual([{ count: 400 }])
    query(join(directory, 'state.db'), 'UPDATE state SET ends_at = 0')
    await Promise.all(Array.from({ length: 100 }, (_, index) => write(1_000 + index, 60_000)))
    expect(count()).toEqual([{ count: 100 }])
  })
})

describe('fileIdempotencyStore', () => {
  for (const { title, run } of idempotencyStoreConformance) test.concurrent(title, () => run(effectHarness))

  test('gives back the space of what is over', async () => {
    const directory = await temporaryDirectory()
    const store = openEffects(directory, { durability: 'os' })
    const result = new Uint8Array(64 * 1024)
    const ids = Array.from({ length: 200 }, (_, index) => `evt_${index}`)
    await Promise.all(ids.map(async (id) => store.complete('orders', id, await tokenOf(store, id), result)))
    const file = join(directory, 'effects.db')
    query(file, 'UPDATE effects SET ends_at = 0')
    const pages = (): number => query<{ page_count: number }>(file, 'PRAGMA page_count')[0]!.page_count
    const before = pages()
    for (let index = 0; index < 60; index++) await tokenOf(store, `later_${index}`)
    expect(query(file, 'SELECT COUNT(*) AS count FROM effects')).toEqual([{ count: 60 }])
    expect(pages()).toBeLessThan(before * 0.75)
  })

  test('has lost nothing that was completed when its process is killed', async () => {
    const directory = await temporaryDirectory()
    const completed = new Set<number>()
    let token = 0
    for (let round = 0; round < 2; round++) {
      const client = startClient(['complete', directory, String(round)])
      // Killed at another point of its work each time.
      for (let lines = 0; lines < 25 + round * 30; lines++) completed.add(Number(await nextLine(client)))
      client.process.kill('SIGKILL')
      await once(client.process, 'exit')
      const store = fileIdempotencyStore({ directory })
      for (const id of completed) {
        const beginning = await store.begin('orders', `evt_${id}`, options)
        expect(beginning).toEqual({ state: 'done', result: Uint8Array.of(id & 0xff) })
      }
      const next = await tokenOf(store, `between_${round}`)
      expect(next).toBeGreaterThan(token)
      token = next
      await store.close()
    }
    expect(query(join(directory, 'effects.db'), 'PRAGMA integrity_check')).toEqual([{ integrity_check: 'ok' }])
  }, 60_000)

  test('gives an id to one process only, of several that ask at once', async () => {
    const directory = await temporaryDirectory()
    const clients = Array.from({ length: 3 }, (_, index) => startClient(['begin', directory, String(index)]))
    for (const said of ['ready', 'half']) {
      for (const client of clients) expect(await nextLine(client)).toBe(said)
      for (const { process } of clients) process.stdin.write('go\n')
    }
    const begun = await Promise.all(clients.map(async (client) => JSON.parse(await nextLine(client)) as string[]))
    for (const { process } of clients) process.kill('SIGKILL')
    const ids = begun.flat()
    expect(new Set(ids).size).toBe(200)
    expect(ids).toHaveLength(200)
    for (const some of begun) expect(some.length).toBeGreaterThan(0)
  }, 60_000)

  test('says so when the disk is full, acknowledges nothing of it, and goes on when there is space', async () => {
    const directory = await temporaryDirectory()
    const client = startClient(['fill', directory, '0'], { maxFileKib: 2_048 })
    const { completed, failure } = JSON.parse(await nextLine(client)) as {
      completed: string[]
      failure: { code: string; reason: string; message: string }
    }
    client.process.kill('SIGKILL')
    await once(client.process, 'exit')
    expect(completed.length).toBeGreaterThan(5)
    expect(failure.code).toBe('overloaded')
    expect(['store_full', 'store_failed']).toContain(failure.reason)
    const store = openEffects(directory)
    for (const id of completed) expect((await store.begin('orders', id, options)).state).toBe('done')
    expect(await store.complete('orders', 'later', await tokenOf(store, 'later'))).toBe(true)
  }, 60_000)

  test('takes a write-ahead log with a torn end for what it is', async () => {
    const directory = await temporaryDirectory()
    const store = openEffects(directory)
    for (const id of ['one', 'two', 'three']) await store.complete('orders', id, await tokenOf(store, id))
    const copy = await temporaryDirectory()
    for (const name of ['effects.db', 'effects.db-wal']) await copyFile(join(directory, name), join(copy, name))
    const wal = await open(join(copy, 'effects.db-wal'), 'r+')
    await wal.truncate((await wal.stat()).size - 100)
    await wal.close()
    const torn = openEffects(copy)
    expect((await torn.begin('orders', 'one', options)).state).toBe('done')
    expect((await torn.begin('orders', 'two', options)).state).toBe('done')
    // Its last commit is not whole, so it was not made.
    expect((await torn.begin('orders', 'three', options)).state).toBe('busy')
  })

  test.each([
    ['is no database', Buffer.from('this is no database, and long enough to be seen as none\n'.repeat(200))],
    ['is a directory', undefined],
  ])('refuses a file that %s, says which, and works when it is gone', async (_, content) => {
    const directory = await temporaryDirectory()
    const file = join(directory, 'effects.db')
    if (content === undefined) await openEffects(join(file, 'inside')).begin('orders', 'evt', options)
    else await writeFile(file, content)
    const store = openEffects(directory)
    await expect(store.begin('orders', 'evt', options)).rejects.toMatchObject({
      code: 'configuration_error',
      reason: 'store_unusable',
      message: expect.stringContaining(file),
    })
    await rm(file, { recursive: true })
    expect((await store.begin('orders', 'evt', options)).state).toBe('new')
  })

  test('says that a file is damaged, and works again when it is restored', async () => {
    const directory = await temporaryDirectory()
    const file = join(directory, 'effects.db')
    const first = openEffects(directory)
    const ids = Array.from({ length: 100 }, (_, index) => `evt_${index}`)
    await Promise.all(ids.map(async (id) => first.complete('orders', id, await tokenOf(first, id))))
    await first.close()
    await copyFile(file, `${file}.backup`)
    const handle = await open(file, 'r+')
    await handle.write(Buffer.alloc((await stat(file)).size - 4_096, 0xa5), 0, undefined, 4_096)
    await handle.close()
    const store = openEffects(directory)
    await expect(store.begin('orders', 'evt_1', options)).rejects.toMatchObject({
      reason: 'store_unusable',
      message: expect.stringContaining('damaged'),
    })
    await copyFile(`${file}.backup`, file)
    expect((await store.begin('orders', 'evt_1', options)).state).toBe('done')
  })

  test('refuses tables of a later version', async () => {
    const directory = await temporaryDirectory()
    await openEffects(directory).begin('orders', 'evt', options)
    query(join(directory, 'effects.db'), 'PRAGMA user_version = 99')
    await expect(openEffects(directory).begin('orders', 'evt', options)).rejects.toThrow('version 99')
  })

  test('says that another process has been writing for too long, and works when it is through', async () => {
    const directory = await temporaryDirectory()
    const store = openEffects(directory)
    const token = await tokenOf(store, 'evt')
    const other = new DatabaseSync(join(directory, 'effects.db'))
    other.exec('BEGIN IMMEDIATE')
    await expect(store.complete('orders', 'evt', token)).rejects.toMatchObject({
      code: 'overloaded',
      reason: 'store_busy',
    })
    other.exec('COMMIT')
    other.close()
    expect(await store.complete('orders', 'evt', token)).toBe(true)
  })

  test('finishes what was asked when it is closed, and refuses what comes later', async () => {
    const directory = await temporaryDirectory()
    const store = openEffects(directory)
    const token = await tokenOf(store, 'evt')
    const completed = store.complete('orders', 'evt', token)
    await store.close()
    expect(await completed).toBe(true)
    await expect(store.begin('orders', 'evt', options)).rejects.toMatchObject({ reason: 'store_closed' })
    expect((await readdir(directory)).sort()).toEqual(['effects.db'])
  })

  test('refuses options that are wrong', () => {
    expect(() => fileIdempotencyStore({} as FileIdempotencyStoreOptions)).toThrow('directory')
    expect(() => fileIdempotencyStore({ directory: '' })).toThrow(InvalidOptionsError)
    expect(() => fileIdempotencyStore({ directory: 'x', durability: 'memory' as 'os' })).toThrow('durability')
    expect(() => fileStateStore({ directory: 'x', prefix: 'y' } as { directory: string })).toThrow('prefix')
  })

  test('says what it acknowledges', () => {
    expect(fileIdempotencyStore({ directory: 'x' }).caps).toMatchObject({ durability: 'fsync', multiProcess: true })
    expect(fileIdempotencyStore({ directory: 'x', durability: 'os' }).caps.durability).toBe('os')
  })
})
