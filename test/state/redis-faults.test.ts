import { setTimeout as sleep } from 'node:timers/promises'
import { redisStateStore } from '@holdfast/adapters/redis'
import { type Connector, type CoreEventMap, createFetch } from '@holdfast/core'
import { recordEvents } from '@holdfast/core/testing'
import { describe, expect, it, onTestFinished } from 'vitest'
import { hasService } from '../clients/service-process.ts'
import { clients, startRedis } from './redis-service.ts'

const connector: Connector = {
  id: 'acme',
  name: 'Acme',
  sources: [],
  rateLimits: [{ id: 'calls', scope: 'connection', limit: { value: 1_000 }, windowMs: { value: 1_000 } }],
}

describe.runIf(hasService('Redis', 'redis-server')).each(Object.entries(clients))(
  'createFetch with state in Redis and %s',
  (_, connect) => {
    it('goes on when the server is killed under load, says so, and shares again when it is back', async () => {
      const redis = await startRedis()
      onTestFinished(() => redis.kill())
      const { client, close } = await connect(redis.port)
      onTestFinished(close)
      const fetch = createFetch({ connector, state: redisStateStore(client), fetch: async () => new Response('fine') })
      const heard = recordEvents<CoreEventMap>(fetch, ['state:failed', 'state:recovered'])
      const statuses: number[] = []
      const callUntil = async (isOver: () => boolean): Promise<void> => {
        do {
          const responses = await Promise.all([1, 2, 3].map(() => fetch('https://api.example.com/things')))
          statuses.push(...responses.map(({ status }) => status))
          await sleep(5)
        } while (!isOver())
      }

      await callUntil(() => statuses.length >= 150)
      expect(heard.names).toEqual([])
      await Promise.all([redis.kill(), callUntil(() => heard.names.includes('state:failed'))])
      await callUntil(() => statuses.length >= 450)
      expect(new Set(heard.names)).toEqual(new Set(['state:failed']))
      await Promise.all([redis.start(), callUntil(() => heard.names.includes('state:recovered'))])
      expect(statuses.every((status) => status === 200)).toBe(true)
      await fetch[Symbol.asyncDispose]()
    }, 30_000)
  },
)
