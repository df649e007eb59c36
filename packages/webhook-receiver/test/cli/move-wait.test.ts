import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync } from 'node:fs'
import { expect, onTestFinished, test } from 'vitest'
import { memoryBuffer } from '../../src/buffer/memory-buffer.ts'
import { MOVING_CONSUMER, moveEvents } from '../../src/buffer/move-events.ts'
import { fakeClock } from '@holdfast/core/testing'
import { type CliResult, holdfast, sampleEvent, storedDirectory, temporaryDirectory } from './cli-fixture.ts'

const TIMEOUT_MS = 120_000
const EVENTS = 400
/** Of the application. So many deliveries are under way at a time. */
const KEYS = 4
const execArgv = ['--conditions=@holdfast/source', '--disable-warning=ExperimentalWarning']
const application = new URL('moved-application.ts', import.meta.url)

interface Delivered {
  readonly by: string
  readonly key: string
  readonly number: number
}

/** An old application delivers, `move --wait` waits for its end by `signal`, and the new application delivers what is left. */
async function switched(signal: NodeJS.Signals): Promise<readonly Delivered[]> {
  const [from, to] = [temporaryDirectory(), temporaryDirectory()]
  const ledger = `${from}.ledger`
  const old = run(application, ['file', from, ledger, '0', String(EVENTS)])
  await Promise.all([told(old, 'stored'), told(old, 'delivers')])

  const [move] = await waitingMove(from, to)
  const ended = once(old, 'exit')
  old.kill(signal)
  await ended
  expect(await move).toMatchObject({ code: 0 })

  const next = run(application, ['sqlite', to, ledger, String(EVENTS), String(EVENTS + 20)])
  await Promise.all([told(next, 'stored'), told(next, 'drained')])
  next.kill('SIGTERM')
  await once(next, 'exit')
  return readFileSync(ledger, 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => {
      const [by = '', key = '', number] = line.split(' ')
      return { by, key, number: Number(number) }
    })
}

test(
  'move --wait takes over from an application that is stopped: each event once, and each key in its order',
  async () => {
    const delivered = await switched('SIGTERM')
    expect(delivered.map(({ number }) => number).toSorted((left, right) => left - right)).toEqual(
      Array.from({ length: EVENTS + 20 }, (_, number) => number),
    )
    expect(new Set(delivered.map(({ by }) => by))).toEqual(new Set(['file', 'sqlite']))
    expectOrder(delivered)
  },
  TIMEOUT_MS,
)

test(
  'move --wait loses nothing of an application that is killed, and repeats only what was under way',
  async () => {
    const delivered = await switched('SIGKILL')
    const seen = new Set<number>()
    const first = delivered.filter(({ number }) => !seen.has(number) && seen.add(number))
    expect(first).toHaveLength(EVENTS + 20)
    expect(new Set(first.map(({ by }) => by))).toEqual(new Set(['file', 'sqlite']))
    expectOrder(first)
    expect(delivered.length - first.length).toBeLessThanOrEqual(KEYS)
  },
  TIMEOUT_MS,
)

test(
  'move without --wait refuses while the application runs, and says that it can wait',
  async () => {
    const from = temporaryDirectory()
    const old = run(application, ['file', from, `${from}.ledger`, '0', '1'])
    await told(old, 'stored')
    const { code, stderr } = await holdfast([
      'move',
      '--from',
      `file:${from}`,
      '--to',
      `sqlite:${temporaryDirectory()}`,
    ])
    expect(code).toBe(1)
    expect(stderr).toContain(`by process ${old.pid}`)
    expect(stderr).toContain('Stop the application first, or wait for that with `--wait`.')
  },
  TIMEOUT_MS,
)

test(
  'move --wait ends at a signal, and has changed nothing',
  async () => {
    const [from, to] = [temporaryDirectory(), temporaryDirectory()]
    const old = run(application, ['file', from, `${from}.ledger`, '0', '1'])
    await told(old, 'stored')
    const stopping = new AbortController()
    const [move] = await waitingMove(from, to, stopping.signal)
    stopping.abort()
    expect(await move).toMatchObject({ code: 130 })
    expect(old.exitCode).toBe(null)
    expect((await holdfast(['inspect', from])).stdout).not.toContain('holdfast-move')
  },
  TIMEOUT_MS,
)

test('move --wait finds out what is wrong with the target before it waits', async () => {
  const from = await storedDirectory([sampleEvent(1)])
  const to = 'file:/dev/null/inbox'
  const { code, stderr } = await holdfast(['move', '--from', `file:${from}`, '--to', to, '--wait'])
  expect(code).toBe(1)
  expect(stderr).toContain('/dev/null/inbox cannot be opened as a buffer')
  expect((await holdfast(['inspect', from])).stdout).not.toContain('holdfast-move')
})

test('move --wait makes no target where there is no source', async () => {
  const [from, to] = [temporaryDirectory(), temporaryDirectory()]
  const { code } = await holdfast(['move', '--from', `file:${from}`, '--to', `sqlite:${to}`, '--wait'])
  expect([code, existsSync(to)]).toEqual([2, false])
})

test('move refuses --wait together with --dry-run', async () => {
  const { code, stderr } = await holdfast(['move', '--from', 'file:a', '--to', 'file:b', '--wait', '--dry-run'])
  expect([code, stderr]).toEqual([2, 'holdfast: --dry-run waits for nobody: leave --wait out.\n'])
})

test('moveEvents waits without an end for who delivers, and tells of it once', async () => {
  const clock = fakeClock()
  const [from, to] = [memoryBuffer({ clock }), memoryBuffer({ clock })]
  for (const buffer of [from, to]) await buffer.open()
  await from.append([sampleEvent(1)])
  const consumer = await from.openConsumer('orders')
  const leases = await consumer.acquire({ owner: 'application', leaseMs: 24 * 3_600_000 })
  const waits: string[] = []
  const moving = moveEvents(from, to, { clock, waitMs: Infinity, onWait: (wait) => waits.push(wait.consumer) })
  await clock.advance(3_600_000)
  expect(waits).toEqual(['orders'])
  for (const lease of leases) await consumer.release(lease)
  expect(await clock.runUntil(moving)).toMatchObject({ moved: 1 })
})

test('moveEvents begins anew when it loses one consumer while it waits for another', async () => {
  const clock = fakeClock()
  const [from, to] = [memoryBuffer({ clock }), memoryBuffer({ clock })]
  for (const buffer of [from, to]) await buffer.open()
  await from.append([sampleEvent(1)])
  const consumer = await from.openConsumer('orders')
  const leases = await consumer.acquire({ owner: 'application', leaseMs: 24 * 3_600_000 })
  const openConsumer = from.openConsumer.bind(from)
  let refused = 0
  from.openConsumer = async (name, options) => {
    const opened = await openConsumer(name, options)
    if (name !== MOVING_CONSUMER) return opened
    return {
      ...opened,
      renew: (lease, leaseMs) => (refused++ === 0 ? Promise.resolve(false) : opened.renew(lease, leaseMs)),
    }
  }
  const moving = moveEvents(from, to, { clock, waitMs: Infinity })
  await clock.advance(3_600_000)
  expect(refused).toBeGreaterThan(0)
  for (const lease of leases) await consumer.release(lease)
  expect(await clock.runUntil(moving)).toMatchObject({ moved: 1 })
})

/** Events of a key are delivered in the order in which they were stored. */
function expectOrder(delivered: readonly Delivered[]): void {
  const last = new Map<string, number>()
  for (const { key, number } of delivered) {
    expect(number).toBeGreaterThan(last.get(key) ?? -1)
    last.set(key, number)
  }
}

function run(program: URL, args: readonly string[]): ChildProcess {
  const child = fork(program, args, { execArgv, stdio: ['ignore', 'pipe', 'pipe', 'ipc'] })
  onTestFinished(() => void child.kill('SIGKILL'))
  return child
}

async function told(child: ChildProcess, message: string): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    child.on('message', (heard) => heard === message && resolve())
    child.once('exit', (code) => reject(new Error(`It ended with ${String(code)} before it was ${message}.`)))
  })
}

/** A move that waits for the application on its source, and has said so; in a list, so that it is not waited for. */
async function waitingMove(from: string, to: string, signal?: AbortSignal): Promise<readonly [Promise<CliResult>]> {
  const args = ['move', '--from', `file:${from}`, '--to', `sqlite:${to}`, '--wait']
  return new Promise((resolve) => {
    const move = holdfast(args, {
      ...(signal === undefined ? {} : { signal }),
      onStderr: (text) => text.includes('Waiting until it is free: stop the application now.') && resolve([move]),
    })
  })
}
