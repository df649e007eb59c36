import type { BufferDurability } from '../buffer/event-buffer.ts'

/**
 * The storage contract for effects that must not happen twice: whoever begins an id has it alone, for a time, and what was completed
 * stays known. Where the effect itself happens in a database, its own transaction is the better place for such a record; this is for the rest.
 *
 * An id is in one of three states: unknown, held by somebody whose lease runs, or done. A token says who holds it. It grows with each
 * holder of an id, so that a resource which remembers the highest one can refuse a holder that lost its lease without noticing.
 *
 * `idempotencyStoreConformance` in `@holdfast/webhook-receiver/testing` is the executable form of this contract.
 */
export interface IdempotencyStore {
  readonly caps: IdempotencyCaps
  /**
   * Begins an id, unless somebody holds it or it is done. Of several at once exactly one gets it.
   *
   * @throws whatever the store throws when it cannot be reached; whether the id was begun is not known then, and its lease ends it.
   */
  begin(scope: string, id: string, options: BeginOptions): Promise<Beginning>
  /** Makes the lease last for `leaseMs` from now. `false`: the token does not hold the id any more. */
  renew(scope: string, id: string, token: number, leaseMs: number): Promise<boolean>
  /**
   * Marks an id as done, with a result, for the `ttlMs` that it was begun with. Resolves when that is as durable as `caps.durability` says.
   * `false`: the token does not hold the id any more, and nothing was changed.
   *
   * @throws IntegrationError `invalid_request` when the result is larger than `caps.maxResultBytes`.
   */
  complete(scope: string, id: string, token: number, result?: Uint8Array): Promise<boolean>
  /** Gives an id back, as if it had never been begun. `false`: the token does not hold it any more. */
  abandon(scope: string, id: string, token: number): Promise<boolean>
}

/** What a store can do. */
export interface IdempotencyCaps {
  /** What a resolved `complete` means. */
  readonly durability: BufferDurability
  /** Whether other processes see the same ids. */
  readonly multiProcess: boolean
  /** Largest result, in bytes. At least 65,536. */
  readonly maxResultBytes: number
}

/** How an id is begun. */
export interface BeginOptions {
  /** Names who begins, for people who look into the store. */
  readonly owner: string
  /** How long it is held without a word from the holder, in milliseconds. From 1. */
  readonly leaseMs: number
  /** How long it stays known after it is done, in milliseconds from then. From 1; `Infinity`: for good. */
  readonly ttlMs: number
}

/** What beginning an id found. */
export type Beginning =
  /** It is yours. */
  | { readonly state: 'new'; readonly token: number }
  /** Somebody holds it, for that long without another word. */
  | { readonly state: 'busy'; readonly leftMs: number }
  | { readonly state: 'done'; readonly result: Uint8Array | undefined }
