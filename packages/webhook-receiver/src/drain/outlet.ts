import type { Clock, Emitter, Random } from '@holdfast/core'
import type { ReceiverEventMap } from '../events/receiver-event-map.ts'
import type { ResolvedDestination } from './destination-options.ts'
import { createFailover, type Failover } from './failover.ts'
import type { Target } from './url-target.ts'
import { createValve, type Valve } from './valve.ts'

/** Where the events of a destination go out: what decides when, and what takes them. */
export interface Outlet {
  readonly target: Target
  readonly valve: Valve
  /** Absent without a backup. */
  readonly failover: Failover | undefined
}

/** Makes the outlet of a destination, and tells its events. A breaker that opens sends it to its backup. */
export function createOutlet(options: {
  readonly name: string
  readonly destination: ResolvedDestination
  readonly clock: Clock
  readonly random: Random
  readonly events: Emitter<ReceiverEventMap>
}): Outlet {
  const { name, destination, clock, random, events } = options
  const { backup } = destination
  const failover =
    backup &&
    createFailover(destination.target, backup.target, backup.rules, clock, {
      onFailedOver: (error) => {
        if (events.has('destination:failed-over')) events.emit('destination:failed-over', { destination: name, error })
      },
      onFailedBack: (cause) => {
        if (events.has('destination:failed-back')) events.emit('destination:failed-back', { destination: name, cause })
      },
    })
  const valve = createValve(destination, random, {
    onOpened: (breakMs, error) => {
      failover?.failOver(error)
      if (events.has('destination:paused'))
        events.emit('destination:paused', { destination: name, cause: 'failures', breakMs, error })
    },
    onClosed: () => {
      if (events.has('destination:resumed')) events.emit('destination:resumed', { destination: name, cause: 'success' })
    },
  })
  return { target: failover ?? destination.target, valve, failover }
}
