import type { Emitter } from '@holdfast/core'
import type { ReceiverEventMap } from '../events/receiver-event-map.ts'
import type { ResolvedDestination } from './destination-options.ts'
import type { ParkedTotals } from './parked-parts.ts'

// What was full is so again only after a tenth was free.
const FREE_SHARE = 0.9

/** Tells once when no more may be parked, and again only when it was different in between. */
export interface ParkingAlert {
  /** Something is to be parked and there is no room for it. */
  full(): void
  /** What is parked may have become less. */
  check(): void
}

/** Makes the alert of one destination. */
export function createParkingAlert(options: {
  readonly name: string
  readonly destination: Pick<ResolvedDestination, 'maxParkedEvents' | 'maxParkedBytes'>
  readonly parked: ParkedTotals
  readonly events: Emitter<ReceiverEventMap>
}): ParkingAlert {
  const { name, destination, parked, events } = options
  let isFull = false
  return {
    full() {
      if (isFull) return
      isFull = true
      if (events.has('drain:parking-full'))
        events.emit('drain:parking-full', { destination: name, events: parked.events, bytes: parked.bytes })
    },
    check() {
      isFull &&=
        parked.events > destination.maxParkedEvents * FREE_SHARE ||
        parked.bytes > destination.maxParkedBytes * FREE_SHARE
    },
  }
}
