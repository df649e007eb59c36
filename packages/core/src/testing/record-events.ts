import type { BaseEventMap, EventSource } from '../events/emitter.ts'

/** An event as it was heard. */
export type RecordedEvent<Events extends BaseEventMap> = {
  readonly [Name in keyof Events & string]: { readonly name: Name; readonly payload: Events[Name] }
}[keyof Events & string]

/** What a recorder has heard. */
export interface EventRecorder<Events extends BaseEventMap> {
  /** Every event in order. */
  readonly events: readonly RecordedEvent<Events>[]
  /** The names in order. */
  readonly names: readonly string[]
  /** The payloads of one event, in order. */
  of<Name extends keyof Events & string>(name: Name): readonly Events[Name][]
  /** Stops listening. */
  stop(): void
}

/**
 * Listens to `names` of `source` and keeps what it hears. Name the event map, which TypeScript cannot infer:
 * `recordEvents<CoreEventMap>(fetch, ['retry:scheduled'])`.
 */
export function recordEvents<Events extends BaseEventMap>(
  source: EventSource<Events>,
  names: readonly (keyof Events & string)[],
): EventRecorder<Events> {
  const events: RecordedEvent<Events>[] = []
  const unsubscribe = names.map((name) => source.on(name, (payload) => events.push({ name, payload })))
  return {
    events,
    get names() {
      return events.map(({ name }) => name)
    },
    of: <Name extends keyof Events & string>(name: Name) =>
      events.filter((event) => event.name === name).map((event) => event.payload as Events[Name]),
    stop: () => {
      for (const remove of unsubscribe) remove()
    },
  }
}
