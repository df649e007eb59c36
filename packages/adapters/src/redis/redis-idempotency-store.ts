import { checkOptions, IntegrationError, nonEmptyString, oneOf } from '@holdfast/core'
import type { BufferDurability, IdempotencyStore } from '@holdfast/webhook-receiver'
import type { BinaryRedisLike, BunRedisLike } from './client.ts'
import { abandonScript, beginScript, completeScript, renewHeldScript } from './idempotency-scripts.ts'
import { type Script, type ScriptArgument, textOf } from './script.ts'
import { scriptRunner } from './script-runner.ts'
import { toIntegrationError } from './to-integration-error.ts'

/** How an idempotency store on Redis is made. */
export interface RedisIdempotencyStoreOptions {
  /** What every key begins with. Functions that should share nothing get different ones. @defaultValue 'holdfast:' */
  readonly prefix?: string
  /**
   * What a resolved `complete` means, as the server is configured: `fsync` with `appendfsync always`, `os` with `everysec`, `memory` without
   * an append-only file. It is not asked. @defaultValue 'os'
   */
  readonly durability?: BufferDurability
}

/** The defaults of `RedisIdempotencyStoreOptions`. */
export const defaultRedisIdempotencyStoreOptions: Required<RedisIdempotencyStoreOptions> = Object.freeze({
  prefix: 'holdfast:',
  durability: 'os',
})

const MAX_RESULT_BYTES = 16 * 1024 * 1024

/**
 * An `IdempotencyStore` on Redis 7 or Valkey, on the client that the application has: ioredis, iovalkey, node-redis, clusters included, or Bun's. It
 * never connects, closes or configures it. Each operation is one script on one key, by the time of the server. What fails is an `IntegrationError`,
 * as `toIntegrationError` makes it of what the client threw.
 *
 * @throws InvalidOptionsError when the client or an option is wrong.
 */
export function redisIdempotencyStore(
  client: BinaryRedisLike | BunRedisLike,
  options: RedisIdempotencyStoreOptions = {},
): IdempotencyStore {
  checkOptions('', options, {
    prefix: nonEmptyString,
    durability: oneOf('fsync', 'replicated', 'os', 'memory'),
  })
  const { prefix, durability } = { ...defaultRedisIdempotencyStoreOptions, ...options }
  const run = scriptRunner(client)
  const ask = async (script: Script, scope: string, id: string, args: readonly ScriptArgument[]): Promise<unknown> => {
    try {
      return await run(script, [`${prefix}effect:${scope.length}:${scope}${id}`], args)
    } catch (error) {
      throw toIntegrationError(error)
    }
  }
  const moved = async (...call: Parameters<typeof ask>): Promise<boolean> => Number(await ask(...call)) === 1

  return {
    caps: Object.freeze({ durability, multiProcess: true, maxResultBytes: MAX_RESULT_BYTES }),
    async begin(scope, id, { owner, leaseMs, ttlMs }) {
      const keepMs = ttlMs === Infinity ? '-1' : milliseconds(ttlMs)
      const [state, detail] = (await ask(beginScript, scope, id, [milliseconds(leaseMs), keepMs, owner])) as [
        Buffer,
        Buffer | null,
      ]
      switch (textOf(state)) {
        case 'new':
          return { state: 'new', token: Number(textOf(detail)) }
        case 'busy':
          return { state: 'busy', leftMs: Number(textOf(detail)) / 1_000 }
        default:
          return { state: 'done', result: detail === null ? undefined : new Uint8Array(detail) }
      }
    },
    renew: (scope, id, token, leaseMs) => moved(renewHeldScript, scope, id, [String(token), milliseconds(leaseMs)]),
    async complete(scope, id, token, result) {
      if (result === undefined) return moved(completeScript, scope, id, [String(token)])
      if (result.byteLength > MAX_RESULT_BYTES) throw resultTooLarge(result.byteLength)
      // A copy: the client may keep it while it is offline.
      return moved(completeScript, scope, id, [String(token), Buffer.from(result)])
    },
    abandon: (scope, id, token) => moved(abandonScript, scope, id, [String(token)]),
  }
}

function milliseconds(ms: number): string {
  return String(Math.ceil(ms))
}

function resultTooLarge(bytes: number): IntegrationError {
  return new IntegrationError({
    code: 'invalid_request',
    reason: 'result_too_large',
    message: `The result has ${bytes} bytes; the store takes up to ${MAX_RESULT_BYTES}.`,
    phase: 'local',
  })
}
