import {
  type CoreEventMap,
  coreEvents,
  createFetch,
  type FetchOptions,
  memoryStateStore,
  type ResilientFetch,
} from '../../src/index.ts'
import {
  type EventRecorder,
  type FakeClock,
  fakeClock,
  recordEvents,
  type ScriptedAnswer,
  scriptedFetch,
  type ScriptedFetch,
  seededRandom,
} from '../../src/testing/index.ts'
import { faultyStore, type FaultyStore } from './faulty-store.ts'

/** A function that stands for one process. */
export interface Process {
  readonly fetch: ResilientFetch
  readonly transport: ScriptedFetch
  readonly heard: EventRecorder<CoreEventMap>
  /** Calls and moves the time until the call settles. */
  run(input?: string, init?: RequestInit): Promise<Response>
}

export interface Processes {
  readonly clock: FakeClock
  readonly store: FaultyStore
  /** The store loses everything. */
  forget(): void
  /** Starts another one. Each has clocks of its own that differ from all others'. */
  start(answers: readonly [ScriptedAnswer, ...ScriptedAnswer[]], options?: FetchOptions): Process
}

export function processes(clock: FakeClock = fakeClock()): Processes {
  let memory = memoryStateStore({ clock })
  const store = faultyStore(
    () => memory,
    () => clock,
  )
  let started = 0
  return {
    clock,
    store,
    forget: () => {
      memory = memoryStateStore({ clock })
    },
    start(answers, options = {}) {
      const nth = started++
      const own = {
        ...clock,
        // Half an hour apart, so that nothing is right by chance.
        now: () => clock.now() + nth * 1_800_000,
        monotonicMs: () => clock.monotonicMs() + nth * 12_345,
      }
      const transport = scriptedFetch(answers)
      const random = seededRandom(nth + 1)
      const fetch = createFetch({ fetch: transport, clock: own, random, retry: false, state: store, ...options })
      const heard = recordEvents(fetch, Object.keys(coreEvents) as (keyof CoreEventMap)[])
      return {
        fetch,
        transport,
        heard,
        run: (input = 'https://api.example.com/v1', init) => clock.runUntil(fetch(input, init)),
      }
    },
  }
}
