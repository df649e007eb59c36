import { boolean, checkOptions, durationMs, InvalidOptionsError, plainObject } from '@holdfast/core'
import {
  defaultServerBufferOptions,
  type ResolvedServerBufferOptions,
  resolveServerBufferOptions,
  serverBufferChecks,
  type ServerBufferOptions,
} from '@holdfast/webhook-receiver/buffer-kit'
import { isListenable, type PostgresListener } from './notifications.ts'
import { defaultPostgresStoreOptions, type PostgresStoreOptions, storeChecks } from './store-options.ts'

/** Options of `postgresBuffer`. */
export interface PostgresBufferOptions extends PostgresStoreOptions, ServerBufferOptions {
  /** Names the buffer: processes that give the same name share it. 1 to 64 characters. */
  readonly name: string
  /** What of the events that every consumer is through with is kept, for replay. Without a consumer nothing is deleted. */
  readonly retention?: PostgresRetention
  /**
   * How often a drain that has nothing to do looks whether another process has stored something, in ms: one statement for all partitions. What
   * this process stores wakes it at once. From 1.
   *
   * @defaultValue `250`
   */
  readonly pollMs?: number
  /**
   * Where notifications arrive, so that drains learn at once of what other processes store: a `Pool` of pg, of which one connection is kept for it, and
   * another one taken when it is lost; postgres.js or PGlite; or a connected `Client` of pg that is used for nothing else, which is not made again when it
   * is lost. Not behind pgbouncer in transaction mode. Polling goes on beside it.
   */
  readonly listener?: PostgresListener
  /**
   * Whether who listens is told of what is stored here. Commits that tell take turns in the whole server. @defaultValue whether there is a `listener`
   */
  readonly notify?: boolean
}

/** What is kept of events that every consumer is through with. */
export interface PostgresRetention {
  /**
   * How long they are kept, in ms after they were stored.
   *
   * @defaultValue `0`: they are deleted at the next look, within a minute
   */
  readonly minAgeMs?: number
}

/** Options with every default filled in. */
export type ResolvedPostgresBufferOptions = ResolvedServerBufferOptions &
  Required<Pick<PostgresBufferOptions, 'name' | 'schema' | 'migrate' | 'pollMs' | 'notify'>> & {
    readonly retention: Required<PostgresRetention>
    readonly listener: PostgresListener | undefined
  }

/** Defaults of `postgresBuffer` that are plain values. */
export const defaultPostgresBufferOptions: typeof defaultServerBufferOptions &
  Readonly<Pick<ResolvedPostgresBufferOptions, 'schema' | 'migrate' | 'retention' | 'pollMs'>> = Object.freeze({
  ...defaultPostgresStoreOptions,
  ...defaultServerBufferOptions,
  retention: Object.freeze({ minAgeMs: 0 }),
  pollMs: 250,
})

/**
 * Checks the options and fills in the defaults.
 *
 * @throws InvalidOptionsError for the first that is wrong.
 */
export function resolvePostgresBufferOptions(options: PostgresBufferOptions): ResolvedPostgresBufferOptions {
  checkOptions('', options, {
    ...storeChecks,
    name: bufferName,
    ...serverBufferChecks,
    retention: plainObject,
    pollMs: durationMs({ min: 1 }),
    listener: (value) =>
      isListenable(value)
        ? undefined
        : 'a Pool of pg, a postgres.js, a PGlite, or a connected Client of pg that nothing else uses',
    notify: boolean,
  })
  checkOptions('retention', options.retention ?? {}, { minAgeMs: durationMs() })
  if (options.name === undefined)
    throw new InvalidOptionsError({ path: 'name', expected: 'a name for the buffer', received: undefined })
  const defaults = defaultPostgresBufferOptions
  return Object.freeze({
    ...resolveServerBufferOptions(options),
    name: options.name,
    schema: options.schema ?? defaults.schema,
    migrate: options.migrate ?? defaults.migrate,
    retention: Object.freeze({ ...defaults.retention, ...options.retention }),
    pollMs: options.pollMs ?? defaults.pollMs,
    listener: options.listener,
    notify: options.notify ?? options.listener !== undefined,
  })
}

function bufferName(value: unknown): string | undefined {
  return typeof value === 'string' && /^[^\0]{1,64}$/.test(value) ? undefined : 'a name of 1 to 64 characters'
}
