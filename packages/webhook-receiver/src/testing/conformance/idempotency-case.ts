import type { IdempotencyStore } from '../../idempotency/idempotency-store.ts'
import { disposedCase } from './disposed-case.ts'

/** An idempotency store under test. */
export interface IdempotencyUnderTest {
  /** Knows no id. */
  readonly store: IdempotencyStore
  /** Opens the same content once more, as another process does. Absent: nobody else can see it. */
  readonly another?: () => Promise<IdempotencyStore>
  /** Closes the store and opens the same content again, as a restart does. Absent: it does not outlive the process. */
  readonly reopen?: () => Promise<IdempotencyStore>
  /** Moves the store's clock forward, or waits where the store lives in real time: a few seconds per case. */
  readonly advance: (ms: number) => Promise<void>
  /** Closes the store and removes what it has stored. */
  readonly dispose: () => Promise<void>
}

/** What an implementation gives to be tested. */
export interface IdempotencyHarness {
  /** Makes a store of its own for one case. */
  readonly create: () => Promise<IdempotencyUnderTest>
}

/** What a case needs beyond the contract. Where it is missing the case shows that the store says so. */
export type IdempotencyCapability =
  /** `caps.multiProcess`, and a harness that can open the store again beside itself. */
  | 'multiProcess'
  /** `caps.durability` beyond `memory`, and a harness that can open the store again. */
  | 'durable'

/** One sentence of the contract, and how to see that it holds. */
export interface IdempotencyCase {
  readonly title: string
  readonly requires?: IdempotencyCapability
  /** Rejects with an AssertionError when the sentence does not hold. */
  readonly run: (harness: IdempotencyHarness) => Promise<void>
}

/** Makes a case that disposes of its store afterwards, whatever happens. */
export function idempotencyCase(
  title: string,
  body: (under: IdempotencyUnderTest) => Promise<void>,
  requires?: IdempotencyCapability,
): IdempotencyCase {
  return disposedCase(title, body, requires)
}
