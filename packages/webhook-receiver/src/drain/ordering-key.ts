import { InvalidOptionsError } from '@holdfast/core'
import type { StoredEvent } from '../buffer/event-buffer.ts'
import { ignoreRejection } from '../receiver/ignore-rejection.ts'
import { deliveredEvent } from './delivered-event.ts'
import type { Delivery } from './delivery.ts'
import type { ResolvedDestination } from './destination-options.ts'

/** Finds the ordering key of an event, or why it has none. */
export type KeyFinder = (event: StoredEvent) => Pick<Delivery, 'key' | 'keyError'>

// One key for everything: without an ordering key the order is total.
const onlyKey: Pick<Delivery, 'key' | 'keyError'> = Object.freeze({ key: '', keyError: undefined })

/** Makes the key finder of a destination. */
export function keyFinder(name: string, { orderingKey }: Pick<ResolvedDestination, 'orderingKey'>): KeyFinder {
  if (orderingKey === undefined) return () => onlyKey
  return (event) => {
    try {
      const key: unknown = orderingKey(deliveredEvent(event)) ?? undefined
      if (key === undefined || typeof key === 'string') return { key, keyError: undefined }
      ignoreRejection(key)
      // A promise or an object equals no other: every event would be a key of its own, and order silently gone.
      throw new InvalidOptionsError({
        path: `destinations.${name}.orderingKey`,
        expected: 'a function that returns a string, `undefined` or `null`',
        received: undefined,
        receivedText: `one that returned a value of type ${typeof key}`,
      })
    } catch (error) {
      return { key: undefined, keyError: { error } }
    }
  }
}
