import { redisBuffer, redisIdempotencyStore, redisStateStore, toIntegrationError } from '@holdfast/adapters/redis'
import { stateStoreConformance, type StateStoreHarness } from '@holdfast/core/testing'

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

/** What a function throws. */
async function thrownBy(call: () => unknown): Promise<unknown> {
  try {
    await call()
  } catch (error) {
    return error
  }
  throw new Error('It threw nothing.')
}

async function expectThrown(call: () => unknown, expected: Readonly<Record<string, unknown>>): Promise<void> {
  const thrown = (await thrownBy(call)) as Readonly<Record<string, unknown>>
  for (const [name, value] of Object.entries(expected))
    if (thrown[name] !== value) throw new Error(`${name} is ${String(thrown[name])}`)
}

const cases = [
  ...stateStoreConformance.map(({ title, run }) => ({ title, run: () => run(harness) })),
  ...[(client: never) => redisBuffer(client, { name: 'inbox' }), (client: never) => redisIdempotencyStore(client)].map(
    (make) => ({
      title: 'what stores bytes refuses the client',
      run: () => expectThrown(() => make(connections[0] as never), { name: 'InvalidOptionsError', path: 'client' }),
    }),
  ),
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
