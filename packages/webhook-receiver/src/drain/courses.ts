import type { Consumer, Hole, Lease, Position, RetryState, StoredEvent } from '../buffer/event-buffer.ts'
import { createCondemnedLanes, keyGivenUp } from './condemned-lanes.ts'
import {
  type Delivery,
  type DeliveryHome,
  type DeliveryState,
  type Lane,
  newDelivery,
  states,
  windowLeads,
} from './delivery.ts'
import { failureInfo, hintedDelayMs } from './failure.ts'
import { createLanes, laneName } from './lanes.ts'
import { createOutcomeWriter, type OutcomeWriter } from './outcome-writer.ts'
import { createParker } from './parker.ts'
import { createParking } from './parking.ts'
import type { DrainContext } from './drain-context.ts'
import { retryDelayMs } from './retry-delay.ts'
import { transact } from './transact.ts'
import { createWaits } from './waits.ts'
import type { Place, Window } from './window.ts'

/** The courses that the deliveries of one partition take, from the log or from beside it, until they are done. */
export interface Courses {
  readonly home: DeliveryHome
  /** Whether nothing is parked but what is blocked. */
  readonly isAsideIdle: boolean
  /** Whether nothing can get on before somebody acts. */
  readonly isStuck: boolean
  /** Whether outcomes cannot be written now. */
  readonly isFailing: boolean
  /** Learns what is beside the log. */
  learn(): Promise<void>
  /** An event was read from the log. */
  admit(event: StoredEvent, place: Place, retry: RetryState | undefined): void
  /** The log was read on. */
  readOn(): void
  /** Parks what is to be parked. */
  relieve(): void
  /** Has the first event of a blocked key tried again. False: it is not blocked here. */
  resumeKey(key: string): Promise<boolean>
  /** Resolves when nothing is beside the log but what is blocked. */
  emptiedAside(): Promise<void>
  /** Ends all waits. Outcomes are still written. */
  quit(): void
  /** Resolves when the outcomes known so far are written, or cannot be. */
  flushed(): Promise<void>
}

/** Makes the courses of one partition. */
export function createCourses(options: {
  readonly context: DrainContext
  readonly consumer: Consumer
  readonly lease: () => Lease
  readonly window: Window
  /** The partition stops. */
  readonly signal: AbortSignal
  /** Whether the log is read as far as this position. */
  readonly isRead: (position: Position) => boolean
  /** Whether a delivery may start. When not, it is offered again later. */
  readonly mayStart: (delivery: Delivery) => boolean
  /** Whether what waits is to be parked, so that the window can go on. */
  readonly needsRoom: () => boolean
  readonly onHole: (hole: Hole) => void
  /** After a change. */
  readonly onChange: () => void
  /** Outcomes can be written again. */
  readonly onRecovered: () => void
  readonly onLost: (reason: unknown) => void
}): Courses {
  const { context, consumer, lease, window, signal, mayStart, needsRoom, onChange, onRecovered, onLost } = options
  const { destination, dispatcher, patience, clock, random, reports, keyOf } = context
  const { onExhausted } = destination
  // Without a key everything waits for the one event anyway: there the log itself is the best place to wait in.
  const isKeyed = destination.orderingKey !== undefined
  const lanes = createLanes()
  const waits = createWaits(clock, destination.maxDelayMs)
  const condemned = createCondemnedLanes(consumer, lease, destination)

  /** Gives the new head of a lane its turn. */
  const lead = (delivery: Delivery): void => {
    if (condemned.includes(delivery)) {
      bury(delivery)
      return
    }
    // The wall clock may be ahead of the timer; what is at work must not be put in line by it.
    delivery.cancelWait?.()
    delivery.cancelWait = undefined
    const waitMs = waits.untilMs(delivery.resumeAt)
    if (waitMs > 0) backOff(delivery, waitMs)
    else {
      delivery.state = states.queued
      dispatcher.offer(delivery)
    }
  }

  /** Has an event follow the one of its key that was given up, and with it, if it is in the window, all that is behind it there. */
  const bury = (first: Delivery): void => {
    const at = clock.now()
    for (let next: Delivery | undefined = first; next !== undefined; ) {
      const delivery: Delivery = next
      next = delivery.place === undefined ? undefined : lanes.leave(delivery)
      if (delivery.place !== undefined && delivery.lane !== undefined) {
        condemned.follows(delivery.lane.name)
        delivery.lane = undefined
      }
      end(delivery, { kind: 'burying', error: keyGivenUp(), at })
    }
  }

  const backOff = (delivery: Delivery, waitMs: number): void => {
    delivery.state = states.backingOff
    if (delivery.place === undefined) {
      parking.backOff(delivery, waitMs)
      return
    }
    const lane = lanes.laneOf(delivery)
    parker.watch(lane)
    if (!windowLeads(lane)) {
      // It was taken back from the dead letters, and is in front of this one.
      parking.wake(lane)
      return
    }
    delivery.cancelWait?.()
    delivery.cancelWait = waits.after(waitMs, () => {
      delivery.cancelWait = undefined
      delivery.state = states.queued
      dispatcher.offer(delivery)
    })
  }

  const home: DeliveryHome = {
    get epoch() {
      return lease().epoch
    },
    admits(delivery) {
      // Parked meanwhile, or behind something that is; or it is in line twice.
      if (delivery.state.kind !== 'queued') return false
      if (delivery.place !== undefined && delivery.lane !== undefined && !windowLeads(delivery.lane)) return false
      return mayStart(delivery)
    },
    takenBack(delivery) {
      delivery.state = states.queued
      const { lane, place } = delivery
      // Something of its lane may have been taken back from the dead letters meanwhile, and comes first.
      if (place !== undefined && lane !== undefined && !windowLeads(lane)) parking.wake(lane)
      else if (place === undefined && lane?.parked?.isStale === true) parking.backOff(delivery, 0)
      else dispatcher.offer(delivery)
    },
    succeeded(delivery, durationMs) {
      end(delivery, { kind: 'acking', durationMs })
    },
    failed(delivery, error, durationMs) {
      delivery.attempts += 1
      if (delivery.attempts >= destination.maxAttempts || context.isHopeless(error)) {
        giveUp(delivery, error)
        return
      }
      const hintMs = Math.min(hintedDelayMs(error), destination.maxDelayMs)
      const delayMs = Math.max(retryDelayMs(delivery.attempts, destination, random), hintMs)
      const failedAtMs = clock.monotonicMs()
      delivery.resumeAt = clock.now() + delayMs
      end(delivery, { kind: 'saving', error, durationMs, delayMs, failedAtMs, nextAt: delivery.resumeAt })
    },
    transaction: (delivery, work) => transact(consumer, lease(), delivery, work),
  }

  const giveUp = (delivery: Delivery, error: unknown): void => {
    const at = clock.now()
    // Where there is no key there is none to block.
    if (onExhausted !== 'blockKey' || delivery.key === undefined) {
      end(delivery, { kind: 'burying', error, at })
      return
    }
    delivery.state = { kind: 'blocking', error, at }
    parker.block(delivery)
  }

  const end = (delivery: Delivery, state: DeliveryState): void => {
    delivery.state = state
    writer.add(delivery)
  }

  const written = (delivery: Delivery): void => {
    const { state } = delivery
    switch (state.kind) {
      case 'acking':
        reports.succeeded(delivery, state.durationMs)
        finish(delivery)
        return
      case 'saving':
        reports.retried(delivery, state)
        backOff(delivery, state.delayMs - (clock.monotonicMs() - state.failedAtMs))
        return
      case 'burying':
        reports.deadLettered(delivery, state.error)
        if (onExhausted === 'deadLetterKey' && delivery.key !== undefined) {
          // Also for what followed: the one before it may have been taken back meanwhile.
          const name = laneName(delivery.key, delivery.event.position)
          condemned.add(name)
          if (delivery.lane !== undefined) parking.condemn(delivery.lane)
          else condemned.followed(name)
        }
        finish(delivery)
        return
      case 'queued':
      case 'running':
      case 'backing-off':
      case 'parking':
      case 'blocking':
      case 'done':
        throw new Error(`A delivery that is ${state.kind} has nothing to write.`)
    }
  }

  const finish = (delivery: Delivery): void => {
    delivery.state = states.done
    if (delivery.place === undefined) {
      parking.next(delivery)
      return
    }
    window.leave(delivery.place)
    const { lane } = delivery
    const next = lanes.leave(delivery)
    if (next !== undefined && lane !== undefined && windowLeads(lane)) lead(next)
    else if (lane?.parked !== undefined) parking.wake(lane)
  }

  const parked = (deliveries: readonly Delivery[]): void => {
    for (const delivery of deliveries) {
      const { state, attempts, place } = delivery
      const lane = lanes.laneOf(delivery)
      const why = state.kind === 'blocking' ? failureInfo(state.error, attempts, state.at) : undefined
      if (state.kind === 'blocking') reports.blocked(delivery, state.error)
      else if (lane.parked === undefined) reports.parked(lane)
      if (place !== undefined) leaveWindow(delivery, place, lane, why)
      else if (why !== undefined) parking.blocked(delivery, why)
      delivery.state = states.done
    }
    noticeStuck()
  }

  const noticeStuck = (): void => {
    if (isStuck()) window.settle()
    onChange()
  }

  const leaveWindow = (
    delivery: Delivery,
    place: Place,
    lane: Lane,
    why: ReturnType<typeof failureInfo> | undefined,
  ): void => {
    // In this order, or the lane would be gone in between.
    parking.add(lane, delivery, why)
    window.leave(place)
    lanes.leave(delivery)
    if (lane.head !== undefined) parker.watch(lane)
  }

  const isStuck = (): boolean => !isKeyed && lanes.find('')?.parked?.phase === 'blocked'

  const shared = { consumer, lease, patience, signal, onLost }
  const writer: OutcomeWriter = createOutcomeWriter({ ...shared, onWritten: written, onBatch: onChange, onRecovered })
  const parker = createParker({
    ...shared,
    // What is blocked is parked at once; what waits, only to let the window go on. Behind something parked it waits in any case.
    wants: ({ parked: part }) =>
      isKeyed && (part?.phase === 'blocked' || needsRoom() || (part !== undefined && window.isPressed)),
    room: () => ({
      events: destination.maxParkedEvents - context.parked.events,
      bytes: destination.maxParkedBytes - context.parked.bytes,
    }),
    onFull: () => context.parkedFull(),
    onParked: parked,
    onGivenBack: (delivery) => {
      const lane = lanes.laneOf(delivery)
      delivery.state = states.queued
      if (!windowLeads(lane)) parking.wake(lane)
      else if (lane.head === delivery) lead(delivery)
    },
  })
  const parking = createParking({
    ...shared,
    lanes,
    totals: context.parked,
    limits: context.limits,
    waits,
    // The lane is the one that it was parked in, even if its ordering key would be another one today.
    deliveryOf: (event, lane) => ({
      ...newDelivery(home, undefined, event, keyOf(event.event)),
      key: lane.key,
      lane,
    }),
    onReady: (delivery) => (condemned.includes(delivery) ? bury(delivery) : dispatcher.offer(delivery)),
    onHole: options.onHole,
    isRead: options.isRead,
    // Unless it has its turn already, or waits for it by itself.
    onOvertaken: ({ head }) => {
      if (head?.state.kind === 'queued' || (head?.state.kind === 'backing-off' && head.cancelWait === undefined))
        lead(head)
    },
    onBlocked: noticeStuck,
    onEmpty: (lane) => {
      reports.recovered(lane)
      if (lane.head === undefined) lanes.forget(lane)
      // One that is being parked gets its turn when it is.
      else if (lane.head.state.kind !== 'parking') lead(lane.head)
      onChange()
    },
  })

  let asked = 0
  let answered = 0
  const learn = async (): Promise<void> => {
    const question = ++asked
    // Asked for first: what is taken back meanwhile is in one of them.
    const takeOver = await condemned.find()
    const lanesAside = await consumer.parkedLanes(lease())
    // One that was asked later has been answered before, and is newer.
    if (question < answered) return
    answered = question
    takeOver()
    parking.learn(lanesAside)
  }

  return {
    home,
    get isAsideIdle() {
      return parking.isIdle
    },
    get isStuck() {
      return isStuck()
    },
    get isFailing() {
      return writer.failing
    },
    learn,
    admit(event, place, retry) {
      const { attempts, nextAt } = retry ?? untried
      const delivery = newDelivery(home, place, { event, attempts, nextAt, redrives: 0 }, keyOf(event))
      if (lanes.join(delivery)) lead(delivery)
      else if (delivery.lane?.parked !== undefined) parker.watch(delivery.lane)
    },
    readOn: () => parking.readOn(),
    relieve() {
      const isAsideUsed = context.parked.blockedKeys > 0 || (context.parked.events > 0 && window.isPressed)
      if (needsRoom() || (isKeyed && isAsideUsed)) parker.relieve()
    },
    async resumeKey(key) {
      const lane = lanes.find(key)
      return lane !== undefined && (await parking.resume(lane))
    },
    emptiedAside: () => parking.emptied(),
    quit() {
      parking.stop()
      waits.stop()
    },
    async flushed() {
      await Promise.all([parking.ended(), parker.ended()])
      await writer.flushed()
    },
  }
}

const untried = Object.freeze({ attempts: 0, nextAt: 0 })
