import { redisBuffer, redisIdempotencyStore, redisStateStore, toIntegrationError } from '@holdfast/adapters/redis'
import { fakeClock, stateStoreConformance, type StateStoreHarness } from '@holdfast/core/testing'
import {
  bufferConformance,
  type BufferHarness,
  type IdempotencyHarness,
  idempotencyStoreConformance,
} from '@holdfast/webhook-receiver/testing'
import { agingScript } from './redis-aging.ts'

// Runs on Bun, with the client that Bun has, and prints what came of each check.

interface BunClient {
  send(command: string, args: string[]): Promise<unknown>
  close(): void
}
declare const Bun: { readonly RedisClient: new (url: string, options?: { autoReconnect: boolean }) => BunClient }

/** What came of a check. */
export interface BunCheck {
  readonly title: string
  readonly problem?: string
}

const url = process.argv[2] ?? ''
const connections = [new Bun.RedisClient(url), new Bun.RedisClient(url)] as const
let created = 0
const harness: StateStoreHarness = {
  async create() {
    const prefix = `bun-${created++}:`
    let opened = 0
    const open = () => redisStateStore(connections[opened++ % 2 === 0 ? 0 : 1], { prefix })
    return { store: open(), another: async () => open(), dispose: async () => {} }
  },
}

async function letTimePass(prefix: string, ms: number): Promise<void> {
  await connections[0].send('EVAL', [agingScript(prefix, ms), '0'])
}

const effects: IdempotencyHarness = {
  async create() {
    const prefix = `bun-${created++}:`
    let opened = 0
    const open = () => redisIdempotencyStore(connections[opened++ % 2 === 0 ? 0 : 1], { prefix })
    return {
      store: open(),
      another: async () => open(),
      reopen: async () => open(),
      advance: (ms) => letTimePass(prefix, ms),
      dispose: async () => {},
    }
  },
}

const buffers: BufferHarness = {
  async create() {
    const prefix = `bun-${created++}:`
    const clock = fakeClock()
    let client = new Bun.RedisClient(url)
    const retention = { minAgeMs: 3_600_000 }
    const make = () => redisBuffer(client, { name: 'inbox', prefix, clock, retention, timeoutMs: 1e9 })
    let buffer = make()
    const openNext = async () => {
      client.close()
      client = new Bun.RedisClient(url)
      buffer = make()
      await buffer.open()
      return buffer
    }
    return {
      buffer,
      async reopen() {
        await buffer.close()
        return openNext()
      },
      crash: openNext,
      async advance(ms) {
        await letTimePass(prefix, ms)
        await clock.advance(ms)
      },
      async dispose() {
        await buffer.close()
        client.close()
      },
    }
  },
}

/** What a function throws. */
async function thrownBy(call: () => unknown): Promise<unknown> {
  try {
    await call()
  } catch (error) {
    return error
  }
  throw new Error('It threw nothing.')
}

function causeOf(error: unknown): never {
  throw (error as Error).cause
}

async function expectThrown(call: () => unknown, expected: Readonly<Record<string, unknown>>): Promise<void> {
  const thrown = (await thrownBy(call)) as Readonly<Record<string, unknown>>
  for (const [name, value] of Object.entries(expected))
    if (thrown[name] !== value) throw new Error(`${name} is ${String(thrown[name])}`)
}

const cases = [
  ...stateStoreConformance.map(({ title, run }) => ({ title, run: () => run(harness) })),
  ...idempotencyStoreConformance.map(({ title, run }) => ({ title, run: () => run(effects) })),
  ...bufferConformance.map(({ title, run }) => ({ title, run: () => run(buffers) })),
  {
    title: 'a client that would store other bytes is refused',
    run: () => {
      const [client] = connections
      const old = { send: (command: string, args: string[]) => client.send(command, args.map(String)) }
      const expected = { name: 'InvalidOptionsError', path: 'client' }
      return expectThrown(() => redisBuffer(old, { name: 'inbox' }).open().catch(causeOf), expected)
    },
  },
  {
    title: 'what the server refuses is told',
    run: () =>
      expectThrown(
        () =>
          connections[0].send('NONSENSE', []).catch((error: unknown) => {
            throw toIntegrationError(error)
          }),
        { code: 'invalid_request', reason: 'command', delivery: 'answered' },
      ),
  },
  {
    title: 'a server that is not there is told',
    run: () => {
      const lonely = new Bun.RedisClient('redis://127.0.0.1:1', { autoReconnect: false })
      return expectThrown(() => redisStateStore(lonely).get('key'), { code: 'connection_lost', delivery: 'unknown' })
    },
  },
]

const checks: BunCheck[] = []
for (const { title, run } of cases) {
  try {
    await run()
    checks.push({ title })
  } catch (error) {
    checks.push({ title, problem: String(error) })
  }
}
for (const connection of connections) connection.close()
console.log(JSON.stringify(checks))
