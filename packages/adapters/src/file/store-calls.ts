// What a store and the thread of its database say to each other. Everything can be cloned.
import type { StateChange, StateRead, StateWrite } from '@holdfast/core'
import type { BeginOptions, Beginning } from '@holdfast/webhook-receiver'
import type { SqliteFailure } from '@holdfast/webhook-receiver/sqlite-kit'

/** What the database of effects does. */
export interface EffectCalls {
  begin(scope: string, id: string, options: BeginOptions): Beginning
  renew(scope: string, id: string, token: number, leaseMs: number): boolean
  complete(scope: string, id: string, token: number, result: Uint8Array | undefined): boolean
  abandon(scope: string, id: string, token: number): boolean
}

/** What the database of shared state does. */
export interface StateCalls {
  get(key: string): StateRead
  compareAndSet(key: string, change: StateChange): StateWrite
  acquire(name: string, leaseMs: number): number | undefined
  renewLease(name: string, token: number, leaseMs: number): boolean
  release(name: string, token: number): void
}

/** One call in a batch. */
export interface StoreRequest {
  readonly method: string
  readonly args: readonly unknown[]
}

/** What a thread is started with. */
export interface StoreThreadData {
  readonly path: string
  readonly content: 'effects' | 'state'
  /** Calls whose outcome is told only when it is on stable storage. */
  readonly synced: readonly string[]
}

/** What it says first. */
export type StoreHello =
  | { readonly kind: 'open' }
  | { readonly kind: 'newer'; readonly version: number }
  | { readonly kind: 'failure'; readonly failure: SqliteFailure }
