import type { StateStore } from '../../state/state-store.ts'

/** A store under test. */
export interface StateStoreUnderTest {
  /** Holds nothing. */
  readonly store: StateStore
  /** Opens the same content once more, as another process does. Absent: nobody else can see it. */
  readonly another?: () => Promise<StateStore>
  /** Moves the store's clock forward. Absent: the store lives in real time, and cases wait for it. */
  readonly advance?: (ms: number) => Promise<void>
  /** Closes the store and removes what it has stored. */
  readonly dispose: () => Promise<void>
}

/** What an implementation gives to be tested. */
export interface StateStoreHarness {
  /** Makes a store of its own for one case. */
  readonly create: () => Promise<StateStoreUnderTest>
}

/** What a case needs beyond the contract. Where it is missing the case shows that the store says so. */
export type StateStoreCapability =
  /** `caps.leases`. */
  | 'leases'
  /** `caps.multiProcess`, and a harness that can open the store again. */
  | 'multiProcess'

/** One sentence of the contract, and how to see that it holds. */
export interface StateStoreCase {
  readonly title: string
  readonly requires?: StateStoreCapability
  /** Rejects with an Error that says what was expected when the sentence does not hold. */
  readonly run: (harness: StateStoreHarness) => Promise<void>
}

/** Makes a case that disposes of its store afterwards, whatever happens. */
export function storeCase(
  title: string,
  body: (under: StateStoreUnderTest) => Promise<void>,
  requires?: StateStoreCapability,
): StateStoreCase {
  return {
    title,
    ...(requires === undefined ? {} : { requires }),
    run: async (harness) => {
      const under = await harness.create()
      try {
        await body(under)
      } finally {
        await under.dispose()
      }
    },
  }
}
