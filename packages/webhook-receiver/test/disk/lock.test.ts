import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import { Worker } from 'node:worker_threads'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { diskBuffer } from '../../src/disk/index.ts'
import { numberedEvent, readEverything } from './sample-buffer.ts'
import { scale, scaled } from './scale.ts'

/** How often each of two processes takes the lock. */
const RACES = scaled(100)

const owner = new URL('lock-owner.ts', import.meta.url)
const racer = new URL('lock-racer.ts', import.meta.url)
const execArgv = ['--conditions=@holdfast/source', '--disable-warning=ExperimentalWarning']

let directory: string
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'holdfast-lock-'))
})
afterEach(() => rm(directory, { recursive: true, force: true }))

describe('the lock of diskBuffer', () => {
  test('refuses a second buffer in the same process at once, and lets it in after close', async () => {
    const first = diskBuffer({ directory })
    const second = diskBuffer({ directory })
    await first.open()
    await expect(second.open()).rejects.toMatchObject({ reason: 'buffer_locked' })
    const { startedAt } = JSON.parse(await readFile(join(directory, 'OWNER.json'), 'utf8')) as { startedAt: string }
    await expect(second.open()).rejects.toThrow(`by process ${process.pid} on ${hostname()} since ${startedAt}`)
    await first.close()
    await second.open()
    await second.close()
  })

  test('takes no space, so that a full disk can be opened and drained', async () => {
    const buffer = diskBuffer({ directory })
    await buffer.open()
    expect((await readdir(directory)).filter((name) => name.startsWith('LOCK'))).toEqual(['LOCK.db'])
    expect(await stat(join(directory, 'LOCK.db'))).toMatchObject({ size: 0 })
    await buffer.close()
  })

  test('refuses another process, and ends with it when that is killed', { timeout: 20_000 }, async () => {
    const child = fork(owner, [directory], { execArgv })
    try {
      await nextMessage(child)
      const buffer = diskBuffer({ directory })
      await expect(buffer.open()).rejects.toMatchObject({ reason: 'buffer_locked' })
      const exited = once(child, 'exit')
      child.kill('SIGKILL')
      await exited
      await buffer.open()
      // What the other process acknowledged before it died is here.
      expect(await readEverything(buffer)).toMatchObject([{ kind: 'event', event: { id: 'evt_1' } }])
      expect(await buffer.append([numberedEvent(1)])).toMatchObject([{ status: 'duplicate' }])
      await buffer.close()
    } finally {
      child.kill('SIGKILL')
    }
  })

  test('refuses another thread of the same process', { timeout: 20_000 }, async () => {
    const buffer = diskBuffer({ directory })
    await buffer.open()
    const worker = new Worker(owner, { argv: [directory], execArgv })
    try {
      const [message] = (await once(worker, 'message')) as [unknown]
      expect(message).toBe('buffer_locked')
      // The refused thread has not taken the lock away.
      await expect(diskBuffer({ directory }).open()).rejects.toMatchObject({ reason: 'buffer_locked' })
    } finally {
      await worker.terminate()
      await buffer.close()
    }
  })

  test('has one owner at a time, however often two processes race for it', { timeout: 60_000 * scale }, async () => {
    const log = join(directory, 'races.log')
    const args = [join(directory, 'LOCK.db'), log, String(RACES)]
    const racers = [1, 2].map(() => fork(racer, args, { execArgv }))
    const ends = await Promise.all(racers.map((child) => once(child, 'exit')))
    expect(ends.map(([code]) => Number(code))).toEqual([0, 0])
    const lines = (await readFile(log, 'utf8')).trimEnd().split('\n')
    expect(lines).toHaveLength(4 * RACES)
    for (let index = 0; index < lines.length; index += 2) {
      const [pid = ''] = lines[index]?.split(' ') ?? []
      expect(lines.slice(index, index + 2)).toEqual([`${pid} has`, `${pid} gives`])
    }
  })

  test('leaves process.emitWarning as it was and prints nothing', { timeout: 20_000 }, async () => {
    const child = fork(owner, [directory], {
      execArgv: ['--conditions=@holdfast/source'],
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    })
    let printed = ''
    child.stderr?.on('data', (chunk: Buffer) => {
      printed += chunk.toString()
    })
    try {
      expect(await nextMessage(child)).toBe('open')
      expect(printed).not.toContain('SQLite')
    } finally {
      child.kill('SIGKILL')
    }
  })
})

async function nextMessage(child: ChildProcess): Promise<unknown> {
  const [message] = (await once(child, 'message')) as [unknown]
  return message
}
