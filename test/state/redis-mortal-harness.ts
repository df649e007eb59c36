import { randomUUID } from 'node:crypto'
import { redisBuffer } from '@holdfast/adapters/redis'
import { fakeClock } from '@holdfast/core/testing'
import type { EventBuffer } from '@holdfast/webhook-receiver'
import type { BufferHarness } from '@holdfast/webhook-receiver/testing'
import type { Connected } from './redis-service.ts'

/** Buffers that each have a connection of their own, which ends with their process. */
export function mortalHarness(
  connect: () => Promise<Connected>,
  letTimePass: (prefix: string, ms: number) => Promise<void>,
): BufferHarness {
  return {
    async create() {
      const clock = fakeClock()
      const prefix = `${randomUUID()}:`
      const make = async (): Promise<{ readonly buffer: EventBuffer; readonly close: () => void }> => {
        const { client, close } = await connect()
        const retention = { minAgeMs: 3_600_000 }
        return { buffer: redisBuffer(client, { name: 'inbox', prefix, clock, retention, timeoutMs: 1e9 }), close }
      }
      let living = await make()
      const openNext = async (): Promise<EventBuffer> => {
        living.close()
        living = await make()
        await living.buffer.open()
        return living.buffer
      }
      return {
        buffer: living.buffer,
        async reopen() {
          await living.buffer.close()
          return openNext()
        },
        crash: openNext,
        async advance(ms) {
          await letTimePass(prefix, ms)
          await clock.advance(ms)
        },
        async dispose() {
          await living.buffer.close()
          living.close()
        },
      }
    },
  }
}
