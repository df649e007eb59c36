import type { Clock, Emitter, Random } from '@holdfast/core'
import type { Consumer, Lease } from '../buffer/event-buffer.ts'
import type { ReceiverEventMap } from '../events/receiver-event-map.ts'
import type { BufferPatience } from './buffer-patience.ts'
import type { DeliveryReports } from './delivery-reports.ts'
import type { ResolvedDestination } from './destination-options.ts'
import type { Dispatcher } from './dispatcher.ts'
import type { KeyFinder } from './ordering-key.ts'
import type { ParkedTotals } from './parked-parts.ts'
import type { WindowLimits } from './window.ts'

/** What the partitions of a drain share. */
export interface DrainContext {
  readonly name: string
  readonly destination: ResolvedDestination
  readonly consumer: Consumer
  readonly dispatcher: Dispatcher
  readonly patience: BufferPatience
  readonly clock: Clock
  readonly random: Random
  readonly events: Emitter<ReceiverEventMap>
  readonly limits: WindowLimits
  readonly leaseMs: number
  readonly keyOf: KeyFinder
  readonly reports: DeliveryReports
  readonly parked: ParkedTotals
  /** What tells whether somebody has changed what is set aside in a partition; `undefined` where the buffer cannot tell. */
  asideMark(lease: Lease): Promise<string | undefined>
  /** Whether no repeat can help. */
  isHopeless(error: unknown): boolean
  /** Deliveries that succeeded or were given up so far. */
  progress(): number
  /** After the window was filled or emptied, or the end of the log was reached. */
  changed(): void
  /** Something is to be parked and there is no room for it. */
  parkedFull(): void
  /** After a partition went to somebody else. It is over by then. */
  lost(partition: number): void
}
