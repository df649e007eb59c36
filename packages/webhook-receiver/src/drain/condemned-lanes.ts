import { IntegrationError } from '@holdfast/core'
import type { Consumer, Lease } from '../buffer/event-buffer.ts'
import type { Delivery } from './delivery.ts'
import type { ResolvedDestination } from './destination-options.ts'

/** Lanes with dead letters, whose later events follow them, as `onExhausted: 'deadLetterKey'` wants it. */
export interface CondemnedLanes {
  /** Asks the buffer which they are. What it resolves with takes that over: not before it is known as well what of them was taken back. */
  find(): Promise<() => void>
  add(name: string): void
  /** An event of the lane is about to follow into the dead letters. Until it is written the lane is condemned, whatever is taken back meanwhile. */
  follows(name: string): void
  followed(name: string): void
  /** Whether a delivery is not to be tried. One that was taken back from the dead letters is, unless it follows one that failed again. */
  includes(delivery: Delivery): boolean
}

/** Makes the condemned lanes of one partition; none with another policy. */
export function createCondemnedLanes(
  consumer: Consumer,
  lease: () => Lease,
  { onExhausted }: ResolvedDestination,
): CondemnedLanes {
  let names: Set<string> = new Set()
  const following = new Map<string, number>()
  return {
    async find() {
      if (onExhausted !== 'deadLetterKey') return () => {}
      const before = new Set(names)
      const found = new Set(await consumer.deadLanes(lease()))
      return () => {
        for (const name of names) if (!before.has(name)) found.add(name)
        names = found
      }
    },
    add: (name) => void names.add(name),
    follows: (name) => void following.set(name, (following.get(name) ?? 0) + 1),
    followed(name) {
      const left = (following.get(name) ?? 0) - 1
      if (left > 0) following.set(name, left)
      else following.delete(name)
    },
    includes: ({ lane, redrives }) =>
      lane !== undefined &&
      (lane.parked?.isCondemned === true || (redrives === 0 && (names.has(lane.name) || following.has(lane.name)))),
  }
}

/** Why an event was given up that was not tried. */
export function keyGivenUp(): IntegrationError {
  return new IntegrationError({
    code: 'canceled',
    reason: 'key_given_up',
    phase: 'local',
    message: 'An earlier event of its key is among the dead letters.',
  })
}
