import { performance } from 'node:perf_hooks'
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { NewEvent } from '@holdfast/webhook-receiver'
import { type FakeClock, fakeClock } from '@holdfast/core/testing'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import type { BinaryIoredisLike } from '../../src/redis/client.ts'
import { appendScript, openScript } from '../../src/redis/log-scripts.ts'
import { redisBuffer } from '../../src/redis/redis-buffer.ts'

const INFO = 'run_id:a1\r\ncluster_enabled:0\r\n'

/** A client of a server that takes 40 ms for an append. Appends are answered only when the test says so. */
function slowServer(clock: FakeClock) {
  const appends: (() => Promise<void>)[] = []
  const append = (): Promise<unknown> =>
    new Promise((resolve) => {
      appends.push(async () => {
        await clock.advance(40)
        resolve(['a history', String(appends.length)].map((part) => Buffer.from(part)))
      })
    })
  const answers: Readonly<Record<string, (sha: unknown) => unknown>> = {
    CLIENT: () => 7,
    EVAL: () => 'a1',
    WAITAOF: () => [1, 0],
    INFO: () => INFO,
    evalsha: (sha) => (sha === openScript.sha ? ['1', '1', INFO] : sha === appendScript.sha ? append() : null),
  }
  const client: BinaryIoredisLike = {
    defineCommand: () => undefined,
    eval: () => Promise.reject(new Error('is not used')),
    callBuffer: async (command, sha) => answers[command]?.(sha),
  }
  return { client, appends }
}

function eventOf(id: string): NewEvent {
  return { id, source: 'shop', receivedAt: 0, method: 'POST', url: '/', headers: [], body: Buffer.from(id) }
}

async function someTurns(): Promise<void> {
  for (let turn = 0; turn < 10; turn++) await nextTurn()
}

/** How many batches were sent when the first was answered, while another append waited. */
async function batchesBehind({
  waitsForDisks = false,
  utilization = 0,
}: {
  readonly waitsForDisks?: boolean
  /** Share of the time in which the process was at work. */
  readonly utilization?: number
}): Promise<number> {
  const loop = vi
    .spyOn(performance, 'eventLoopUtilization')
    .mockReturnValue({ idle: 1_000 * (1 - utilization), active: 1_000 * utilization, utilization })
  onTestFinished(() => loop.mockRestore())
  const clock = fakeClock()
  const { client, appends } = slowServer(clock)
  const waitAof = waitsForDisks ? { waitAof: { client } } : {}
  const buffer = redisBuffer(client, { name: 'inbox', partitions: 1, clock, durability: 'fsync', ...waitAof })
  await buffer.open()
  const first = buffer.append([eventOf('first')])
  await someTurns()
  const second = buffer.append([eventOf('second')])
  await appends[0]?.()
  await someTurns()
  const sent = appends.length
  await first
  await clock.advance(5)
  await someTurns()
  await appends[1]?.()
  await second
  await buffer.close()
  return sent
}

describe('redisBuffer', () => {
  it('has a batch wait for those who were just answered', async () => {
    expect(await batchesBehind({})).toBe(1)
  })

  it('has it wait for nobody while this process has enough to do', async () => {
    expect(await batchesBehind({ utilization: 0.9 })).toBe(2)
  })

  it('has it wait for nobody where they still wait for disks', async () => {
    expect(await batchesBehind({ waitsForDisks: true })).toBe(2)
  })
})

it('gives opening up in time when the server does not answer, and can be closed and opened again then', async () => {
  const clock = fakeClock()
  const { client } = slowServer(clock)
  let isThere = false
  const callBuffer: BinaryIoredisLike['callBuffer'] = (command, ...args) =>
    isThere ? client.callBuffer(command, ...args) : new Promise(() => {})
  const buffer = redisBuffer({ ...client, callBuffer }, { name: 'inbox', partitions: 1, clock, timeoutMs: 300 })
  const opening = expect(buffer.open()).rejects.toMatchObject({ reason: 'buffer_failed' })
  await clock.advance(300)
  await opening
  await buffer.close()
  isThere = true
  await buffer.open()
  await buffer.close()
})
