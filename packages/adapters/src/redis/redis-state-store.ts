import {
  checkOptions,
  nonEmptyString,
  type StateEntry,
  type StateStore,
  type StateStoreCaps,
  systemRandom,
} from '@holdfast/core'
import { untilAborted } from '@holdfast/webhook-receiver/buffer-kit'
import { checkedClient, evaluate, type RedisLike } from './client.ts'
import { acquireScript, compareAndSetScript, getScript, renewScript, VERSION_LENGTH } from './state-scripts.ts'
import { toIntegrationError } from './to-integration-error.ts'

/** How a store on Redis is made. */
export interface RedisStateStoreOptions {
  /** What every key begins with. Functions that should share nothing get different ones. @defaultValue 'holdfast:' */
  readonly prefix?: string
}

/** The defaults of `RedisStateStoreOptions`. */
export const defaultRedisStateStoreOptions: Required<RedisStateStoreOptions> = Object.freeze({ prefix: 'holdfast:' })

const caps: StateStoreCaps = Object.freeze({
  multiProcess: true,
  leases: true,
  maxKeyBytes: 65_536,
  maxValueBytes: 16 * 1024 * 1024,
})

/**
 * A `StateStore` on Redis 7 or Valkey, on the client that the application has: ioredis, node-redis or what has the interface of one of them, clusters included, or Bun's.
 * It never connects, closes or configures it. Each operation is one script on one key. What fails is an `IntegrationError`, as `toIntegrationError`
 * makes it of what the client threw.
 *
 * @throws InvalidOptionsError when the client or an option is wrong.
 */
export function redisStateStore(client: RedisLike, options: RedisStateStoreOptions = {}): StateStore {
  checkedClient(client, { bytes: false })
  checkOptions('', options, { prefix: nonEmptyString })
  const { prefix = defaultRedisStateStoreOptions.prefix } = options
  const ask = async (script: string, key: string, args: readonly string[], signal?: AbortSignal): Promise<unknown> => {
    signal?.throwIfAborted()
    const answer = evaluate(client, script, prefix + key, args).catch((error: unknown) => {
      throw toIntegrationError(error)
    })
    // No client takes a signal for a single command.
    return untilAborted(answer, signal)
  }

  return {
    caps,
    get: async (key, signal) => {
      const [stored, seconds, micros] = (await ask(getScript, `state:${key}`, [], signal)) as Answer
      return { entry: entryOf(stored), nowMs: timeOf(seconds, micros) }
    },
    compareAndSet: async (key, { expected = '', value, ttlMs }, signal) => {
      const next = value === undefined ? undefined : { version: systemRandom.uuid(), value }
      const keepMs = next === undefined ? 0 : ttlMs === Infinity ? -1 : Math.ceil(ttlMs)
      const args = [expected, next === undefined ? '' : next.version + next.value, String(keepMs)]
      const [written, stored, seconds, micros] = (await ask(
        compareAndSetScript,
        `state:${key}`,
        args,
        signal,
      )) as Answer
      const nowMs = timeOf(seconds, micros)
      return Number(written) === 1
        ? { written: true, entry: next, nowMs }
        : { written: false, entry: entryOf(stored), nowMs }
    },
    acquire: async (name, leaseMs, signal) => {
      const token = await ask(acquireScript, `lease:${name}`, [String(leaseMs)], signal)
      return token === null ? undefined : { name, token: Number(token) }
    },
    renew: async ({ name, token }, leaseMs, signal) =>
      Number(await ask(renewScript, `lease:${name}`, [String(leaseMs), String(token)], signal)) === 1,
    release: async ({ name, token }, signal) => {
      await ask(renewScript, `lease:${name}`, ['0', String(token)], signal)
    },
  }
}

type Reply = string | number | null | undefined
type Answer = readonly Reply[]

function entryOf(stored: Reply): StateEntry | undefined {
  if (stored === null || stored === undefined) return undefined
  const text = String(stored)
  return { version: text.slice(0, VERSION_LENGTH), value: text.slice(VERSION_LENGTH) }
}

function timeOf(seconds: Reply, micros: Reply): number {
  return Number(seconds) * 1_000 + Number(micros) / 1_000
}
