import { setTimeout as sleep } from 'node:timers/promises'
import github from '@holdfast/adapters/connectors/github'
import {
  postgresBuffer,
  postgresIdempotencyStore,
  type PostgresLike,
  postgresStateStore,
} from '@holdfast/adapters/postgres'
import { type Connector, type CoreEventMap, createFetch, type StateStore } from '@holdfast/core'
import { type EventRecorder, recordEvents } from '@holdfast/core/testing'
import { createReceiver, type NewEvent, type ReceiverEventMap } from '@holdfast/webhook-receiver'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { hasService } from '../clients/service-process.ts'
import { freshSchema } from './postgres-harness.ts'
import { clients, type PostgresService, startPostgres } from './postgres-service.ts'

const URL_OF_THINGS = 'https://api.example.com/things'
// postgres.js connects again after up to 20 s.
const TIMEOUT_MS = 120_000

const connector: Connector = {
  id: 'acme',
  name: 'Acme',
  sources: [],
  rateLimits: [{ id: 'calls', scope: 'connection', limit: { value: 1_000 }, windowMs: { value: 1_000 } }],
}

interface Caller {
  readonly fetch: ReturnType<typeof createFetch>
  readonly heard: EventRecorder<CoreEventMap>
  /** What the API answers. */
  status: number
  /** Whether it goes by what it knows itself. */
  isAlone(): boolean
  /** Calls until something is so. Answers with the statuses. */
  callUntil(isSo: () => boolean): Promise<number[]>
}

/** A function that shares what it knows in a PostgreSQL. */
function callerOn(state: StateStore): Caller {
  const fetch = createFetch({
    connector,
    state,
    fetch: async () => new Response('', { status: caller.status }),
    retry: false,
    breaker: { minimumCalls: 5 },
    refusals: 'response',
  })
  onTestFinished(() => fetch[Symbol.asyncDispose]())
  const caller: Caller = {
    fetch,
    heard: recordEvents<CoreEventMap>(fetch, ['state:failed', 'state:recovered', 'circuit:opened']),
    status: 200,
    isAlone: () => caller.heard.names.findLast((name) => name.startsWith('state:')) === 'state:failed',
    async callUntil(isSo) {
      const statuses: number[] = []
      do {
        const responses = await Promise.all([1, 2, 3].map(() => fetch(URL_OF_THINGS)))
        statuses.push(...responses.map(({ status }) => status))
        await sleep(5)
      } while (!isSo())
      return statuses
    },
  }
  return caller
}

async function connectTo(name: string, { port }: PostgresService): Promise<PostgresLike> {
  const { client, close } = await clients[name]!(port, 4)
  onTestFinished(close)
  return client
}

describe.runIf(hasService('PostgreSQL', 'initdb', 'postgres'))('while PostgreSQL is down', () => {
  let service: PostgresService
  beforeAll(async () => {
    service = await startPostgres({ durable: true })
  }, TIMEOUT_MS)
  afterAll(() => service.dispose(), TIMEOUT_MS)

  it.each(Object.keys(clients))(
    'calls go on by what each function knows, say so, and share again when it is back, with %s',
    async (name) => {
      const schema = freshSchema()
      const stores = [await connectTo(name, service), await connectTo(name, service)].map((client) =>
        postgresStateStore(client, { schema }),
      )
      // The first answer takes longer than a call waits for it: the tables are made.
      for (const store of stores) await store.get('ready')
      const [one, other] = stores.map(callerOn) as [Caller, Caller]
      const statuses = await one.callUntil(() => !one.isAlone())

      await service.kill()
      for (const { isAlone, callUntil } of [one, other]) statuses.push(...(await callUntil(isAlone)))
      expect(new Set(statuses)).toEqual(new Set([200]))
      // Its own circuit opens all the same, and no other one.
      one.status = 503
      await one.callUntil(() => one.heard.names.includes('circuit:opened'))
      expect(await other.callUntil(() => true)).toEqual([200, 200, 200])
      one.fetch.circuits.close()

      one.status = 200
      await service.start()
      for (const { isAlone, callUntil } of [one, other]) await callUntil(() => !isAlone())
      one.status = 503
      await one.callUntil(() => one.heard.of('circuit:opened').length === 2)
      await other.callUntil(() => other.heard.names.includes('circuit:opened'))
      expect(other.heard.of('circuit:opened')).toMatchObject([{ shared: true }])
    },
    TIMEOUT_MS,
  )

  it(
    'a function that begins goes on by itself, and shares when the server is there, whose tables it makes then',
    async () => {
      await service.kill()
      const caller = callerOn(postgresStateStore(await connectTo('pg', service), { schema: freshSchema() }))
      const statuses = await caller.callUntil(caller.isAlone)
      await service.start()
      statuses.push(...(await caller.callUntil(() => !caller.isAlone())))
      expect(new Set(statuses)).toEqual(new Set([200]))
    },
    TIMEOUT_MS,
  )

  it(
    'an effect that must not happen twice does not happen, and happens once when it is back',
    async () => {
      const store = postgresIdempotencyStore(await connectTo('pg', service))
      const beginning = { owner: 'tester', leaseMs: 60_000, ttlMs: 60_000 }
      await store.begin('orders', 'before', beginning)
      await service.kill()
      await expect(store.begin('orders', 'evt', beginning)).rejects.toMatchObject({ code: expect.any(String) })
      await service.start()
      expect(await store.begin('orders', 'evt', beginning)).toMatchObject({ state: 'new' })
      expect(await store.begin('orders', 'evt', beginning)).toMatchObject({ state: 'busy' })
    },
    TIMEOUT_MS,
  )

  it(
    'a drain says so a few times, whatever the number of its partitions, and goes on when it is back',
    async () => {
      const buffer = postgresBuffer(await connectTo('pg', service), { name: 'inbox', partitions: 16, pollMs: 20 })
      const delivered: string[] = []
      const receiver = createReceiver({
        buffer,
        sources: { shop: { connector: github, secrets: ['unused'], partitionKey: () => undefined } },
        destinations: { orders: { handle: ({ id }) => void delivered.push(id) } },
        leaseMs: 3_000,
      })
      const heard = recordEvents<ReceiverEventMap>(receiver, ['drain:failed'])
      await receiver.start()
      onTestFinished(() => receiver.stop())
      await buffer.append([eventOf('before')])
      await receiver.drained()

      await service.kill()
      await expect(buffer.append([eventOf('refused')])).rejects.toMatchObject({ reason: 'buffer_failed' })
      await sleep(4_000)
      // 250, 500, 1,000, 2,000 ms, each cut by up to a half; and what leases add, which are to be renewed.
      const told = heard.of('drain:failed').length
      expect(told).toBeGreaterThan(1)
      expect(told).toBeLessThan(20)
      await service.start()
      await expect.poll(() => buffer.append([eventOf('after')]).catch(() => []), { timeout: 10_000 }).toHaveLength(1)
      await expect.poll(() => delivered, { timeout: 10_000 }).toEqual(['before', 'after'])
    },
    TIMEOUT_MS,
  )
})

function eventOf(id: string): NewEvent {
  return { id, source: 'shop', receivedAt: 0, method: 'POST', url: '/', headers: [], body: new Uint8Array() }
}
