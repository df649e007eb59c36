import type { ChildProcess } from 'node:child_process'
import { tmpdir } from 'node:os'
import { toIntegrationError } from '@holdfast/adapters/redis'
import { Redis } from 'ioredis'
import { createClient } from 'redis'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { canary, caught, expectNoCanary } from './client-cases.ts'
import { findProgram, freePort, hasService, startService, stopService } from './service-process.ts'

/** The same few things with both clients. */
interface Connection {
  send(...command: readonly string[]): Promise<unknown>
  close(): void
}

interface ConnectOptions {
  readonly port?: number
  readonly host?: string
  readonly password?: string | undefined
  readonly timeoutMs?: number
}

let service: ChildProcess
let port = 0

const isInstalled = hasService('Redis', 'redis-server')
const clients: Readonly<Record<string, (options?: ConnectOptions) => Promise<Connection>>> = {
  ioredis: async (options = {}) => {
    const client = new Redis({
      host: options.host ?? '127.0.0.1',
      port: options.port ?? port,
      ...('password' in options ? {} : { password: canary }),
      ...(options.password === undefined ? {} : { password: options.password }),
      lazyConnect: true,
      // Without repetitions and without a queue the first failure is the one that is seen.
      retryStrategy: null as never,
      maxRetriesPerRequest: 0,
      ...(options.timeoutMs === undefined ? {} : { commandTimeout: options.timeoutMs }),
    })
    let failure: Error | undefined
    client.on('error', (error: Error) => {
      failure ??= error
    })
    onTestFinished(() => client.disconnect())
    await client.connect().catch((error: unknown) => {
      throw failure ?? error
    })
    return {
      send: (command = '', ...args) => client.call(command, ...args),
      close: () => client.disconnect(),
    }
  },
  'node-redis': async (options = {}) => {
    const { host = '127.0.0.1', timeoutMs } = options
    const password = 'password' in options ? options.password : canary
    const client = createClient({
      ...(password === undefined ? {} : { password }),
      socket: { host, port: options.port ?? port, reconnectStrategy: false },
      ...(timeoutMs === undefined ? {} : { commandOptions: { timeout: timeoutMs } }),
    })
    client.on('error', () => {})
    onTestFinished(() => {
      if (client.isOpen) client.destroy()
    })
    await client.connect()
    return {
      send: (...command) => client.sendCommand([...command]),
      close: () => client.destroy(),
    }
  },
}

const tooManyConnections = { code: 'upstream_unavailable', reason: 'too_many_connections', delivery: 'not_sent' }

function expectFacts(error: unknown, expected: object): void {
  const described = toIntegrationError(error)
  expect(described).toMatchObject({ ...expected, cause: error })
  expectNoCanary(described)
  expect(toIntegrationError(new Error('sync failed', { cause: error }))).toMatchObject(expected)
}

describe.runIf(isInstalled).each(Object.entries(clients))('toIntegrationError of what %s throws', (name, connect) => {
  const start = async (): Promise<void> => {
    port = await freePort()
    service = await serverOn(port, '--requirepass', canary)
  }
  beforeAll(start, 30_000)
  afterAll(() => stopService(service, 'SIGKILL'))

  const fails = async (setUp: readonly string[], ...command: readonly string[]): Promise<unknown> => {
    const connection = await connect()
    if (setUp.length > 0) await connection.send(...setUp)
    return caught(connection.send(...command))
  }

  it.each<readonly [string, readonly string[], readonly string[], string, object]>([
    ['a wrong type', ['set', 'text', canary], ['lpush', 'text', canary], 'WRONGTYPE', { code: 'invalid_request' }],
    ['a wrong command', [], ['nonsense', canary], 'ERR', { code: 'invalid_request', reason: 'command' }],
    ['a missing script', [], ['evalsha', 'f'.repeat(40), '0'], 'NOSCRIPT', { code: 'not_found', retryable: 'now' }],
    [
      'a missing group',
      ['xadd', 'stream', '*', 'k', canary],
      ['xreadgroup', 'group', 'g', 'c', 'streams', 'stream', '>'],
      'NOGROUP',
      { code: 'not_found' },
    ],
    [
      'a group that exists',
      ['xgroup', 'create', 's', 'g', '$', 'mkstream'],
      ['xgroup', 'create', 's', 'g', '$'],
      'BUSYGROUP',
      { code: 'conflict', reason: 'duplicate' },
    ],
    [
      'a missing right',
      ['acl', 'setuser', 'narrow', 'on', `>${canary}`, '-@all', '+auth'],
      [],
      'NOPERM',
      { code: 'permission_denied' },
    ],
  ])('knows %s', async (_, setUp, command, word, expected) => {
    const connection = await connect()
    if (setUp.length > 0) await connection.send(...setUp)
    if (word === 'NOPERM') await connection.send('auth', 'narrow', canary)
    const error = await caught(connection.send(...(command.length === 0 ? ['get', canary] : command)))
    expectFacts(error, { ...expected, delivery: 'answered', upstream: { code: word } })
  })

  it('knows that memory is used up', async () => {
    const error = await fails(['config', 'set', 'maxmemory', '1'], 'set', 'key', canary)
    await (await connect()).send('config', 'set', 'maxmemory', '0')
    expectFacts(error, { code: 'upstream_unavailable', reason: 'memory', retryable: 'after', delivery: 'answered' })
  })

  it('knows a replica', async () => {
    const error = await fails(['replicaof', '127.0.0.1', String(await freePort())], 'set', 'key', canary)
    await (await connect()).send('replicaof', 'no', 'one')
    expectFacts(error, { code: 'upstream_unavailable', reason: 'read_only', delivery: 'answered' })
  })

  it('knows that a script keeps the server busy', async () => {
    const [busy, other] = [await connect(), await connect()]
    await busy.send('config', 'set', 'busy-reply-threshold', '10')
    const running = caught(busy.send('eval', 'while true do end', '0'))
    const error = await busyReply(other)
    await other.send('script', 'kill')
    await running
    expectFacts(error, { code: 'upstream_unavailable', reason: 'script_running', delivery: 'answered' })
  })

  it('knows that the server asks for a password, or refuses it', async () => {
    const withoutPassword = await caught(
      connect({ password: undefined }).then((connection) => connection.send('get', canary)),
    )
    expectFacts(withoutPassword, { code: 'app_credentials_invalid', reason: 'credentials_missing' })
    const withAnother = await caught(
      connect({ password: `${canary}x` }).then((connection) => connection.send('get', canary)),
    )
    expectFacts(withAnother, { code: 'app_credentials_invalid', reason: 'password' })
  })

  it('knows that there are too many connections', async () => {
    const first = await connect()
    await first.send('config', 'set', 'maxclients', '1')
    const error = await caught(connect().then((connection) => connection.send('ping')))
    await first.send('config', 'set', 'maxclients', '1000')
    // The server answers before it is asked, and closes: who writes first may not see the answer any more.
    const isSeen = String(error).includes('max number of clients')
    expectFacts(error, isSeen ? tooManyConnections : { code: 'connection_lost', delivery: 'unknown' })
  })

  it('knows a port on which nobody listens, and a name that does not exist', async () => {
    const refused = await caught(connect({ port: await freePort() }))
    expectFacts(refused, { code: 'connection_failed', reason: 'refused', delivery: 'not_sent' })
    const unknown = await caught(connect({ host: 'nothing.invalid' }))
    expectFacts(unknown, { code: 'dns_error', delivery: 'not_sent' })
  })

  it('knows a client that was closed', async () => {
    const connection = await connect()
    connection.close()
    const error = await caught(connection.send('get', canary))
    // ioredis says the same of commands that were sent.
    expectFacts(
      error,
      name === 'ioredis'
        ? { code: 'connection_lost', delivery: 'unknown' }
        : { code: 'canceled', reason: 'shutdown', delivery: 'not_sent' },
    )
  })

  it('does not know what became of a command when the server died', async () => {
    const connection = await connect()
    const waiting = caught(connection.send('blpop', canary, '0'))
    await stopService(service, 'SIGKILL')
    expectFacts(await waiting, { code: 'connection_lost', delivery: 'unknown' })
    await start()
  })

  it.each<readonly [string, object]>([
    ['LOADING Redis is loading the dataset in memory', { reason: 'starting', delivery: 'answered' }],
    ['MISCONF Redis is configured to save RDB snapshots', { reason: 'storage', delivery: 'answered' }],
    ['CLUSTERDOWN The cluster is down', { reason: 'cluster', delivery: 'answered' }],
    ['ERR max number of clients reached', tooManyConnections],
  ])('reads the reply %s', (message, expected) => {
    const reply = Object.assign(new Error(message), { name: 'ReplyError' })
    expectFacts(reply, { code: 'upstream_unavailable', retryable: 'after', ...expected })
  })

  it('returns an IntegrationError as it is, and describes what is none of its errors', () => {
    const described = toIntegrationError(Object.assign(new Error('x'), { code: 'ECONNREFUSED', syscall: 'connect' }))
    expect(described.code).toBe('connection_failed')
    expect(toIntegrationError(described)).toBe(described)
    for (const thrown of [undefined, null, 'text', 7, {}, new Error('?'), new Error('ERR_SOMETHING of another')])
      expect(toIntegrationError(thrown).code).toBe('unknown')
  })
})

describe.runIf(isInstalled)('toIntegrationError of a time limit', () => {
  it('knows the one of ioredis', async () => {
    const server = await startRedis()
    const client = new Redis({ port: server.port, commandTimeout: 50 })
    onTestFinished(() => client.disconnect())
    const error = await caught(client.blpop('key', 0))
    expectFacts(error, { code: 'timeout', reason: 'attempt', delivery: 'unknown' })
  })

  it('knows a transaction of node-redis whose watched key changed, and one that failed in part', async () => {
    const server = await startRedis()
    const client = createClient({ socket: { port: server.port } })
    const other = createClient({ socket: { port: server.port } })
    await Promise.all([client.connect(), other.connect()])
    onTestFinished(() => {
      client.destroy()
      other.destroy()
    })
    await client.watch('key')
    await other.set('key', 'changed')
    expectFacts(await caught(client.multi().set('key', canary).exec()), { code: 'conflict', reason: 'version' })
    expectFacts(await caught(client.multi().set('key', canary).lPush('key', canary).exec()), {
      code: 'partial_failure',
      delivery: 'answered',
    })
  })
})

async function startRedis(): Promise<{ readonly port: number }> {
  const own = await freePort()
  const server = await serverOn(own)
  onTestFinished(() => stopService(server, 'SIGKILL'))
  return { port: own }
}

/** A server that keeps everything in memory, but for what a replica loads. */
function serverOn(own: number, ...settings: readonly string[]): Promise<ChildProcess> {
  const args = ['--port', String(own), '--bind', '127.0.0.1', '--save', '', '--dir', tmpdir(), ...settings]
  return startService(findProgram('redis-server') ?? '', args, /Ready to accept connections/)
}

/** The first answer of a server that is busy. */
async function busyReply(connection: Connection): Promise<unknown> {
  for (;;) {
    try {
      await connection.send('get', 'key')
    } catch (error) {
      return error
    }
  }
}
