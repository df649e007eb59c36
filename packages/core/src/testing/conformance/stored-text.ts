import { systemClock } from '../../time/system-clock.ts'
import type { StateStore, StateWrite } from '../../state/state-store.ts'
import type { StateStoreUnderTest } from './conformance-case.ts'

/** Long enough for a case to go through, whatever the machine has to do besides. */
export const LONG_MS = 60_000

/** Stores a value where nothing is. */
export function create(store: StateStore, key: string, value: string, ttlMs: number = LONG_MS): Promise<StateWrite> {
  return store.compareAndSet(key, { expected: undefined, value, ttlMs })
}

/** The value of a key. */
export async function valueOf(store: StateStore, key: string): Promise<string | undefined> {
  return (await store.get(key)).entry?.value
}

/** By how much two clocks and a timer may disagree about when a time was over. */
const REAL_TIME_SLACK_MS = 20

/** Lets at least this time pass on the store's clock; in real time, where it cannot be moved. */
export async function pass(under: StateStoreUnderTest, ms: number): Promise<void> {
  await (under.advance === undefined ? systemClock.sleep(ms + REAL_TIME_SLACK_MS) : under.advance(ms))
}
