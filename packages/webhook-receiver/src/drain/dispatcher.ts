import { type Clock, IntegrationError } from '@holdfast/core'
import { TransientSet } from '../buffer-kit/transient.ts'
import { type Attempt, type AttemptSetup, createAttempt } from './attempt.ts'
import { deliveredEvent } from './delivered-event.ts'
import { type Delivery, type DeliveryHome, states } from './delivery.ts'
import type { ResolvedDestination } from './destination-options.ts'
import type { Effects } from './effects.ts'
import { createFifo } from './fifo.ts'
import type { Target } from './url-target.ts'
import type { Valve } from './valve.ts'

// After so much uninterrupted work the event loop gets a turn, or a backlog of quick handlers would starve the host.
const SLICE_MS = 10

/** Starts the heads of lanes, in turn, within the destination's concurrency and pace. */
export interface Dispatcher {
  readonly inFlight: number
  /** Puts the head of a lane in line. A lane is in line at most once, so each gets its turn. */
  offer(delivery: Delivery): void
  /** Looks again whether something may start, after somebody changed that. */
  wake(): void
  /** Starts nothing any more. */
  halt(): void
  /** Resolves when no handler runs, or after `timeoutMs`. Only after `halt`. */
  quiet(timeoutMs: number): Promise<void>
  /** Resolves when no handler of this home runs, or after `graceMs`. */
  quietOf(home: DeliveryHome, graceMs: number): Promise<void>
  /** Breaks off running handlers, of one home or of all: aborts their signals; what they do from then on does not count. */
  breakOff(reason: unknown, home?: DeliveryHome): void
}

/** Makes the dispatcher of one destination. */
export function createDispatcher(options: {
  readonly name: string
  readonly destination: ResolvedDestination
  readonly clock: Clock
  readonly effects: Effects
  readonly valve: Valve
  readonly target: Target
}): Dispatcher {
  const { destination, clock, valve, target } = options
  const { concurrency, timeoutMs } = destination
  const attemptSetup: AttemptSetup = { ...options, timeoutMs }
  const line = createFifo<Delivery>()
  // In order of start, which is the order of their deadlines too: one timer, for the first, serves all.
  const running = new TransientSet<Attempt>()
  let cancelDeadline: (() => void) | undefined
  let cancelPause: (() => void) | undefined
  let pumpScheduled = false
  let halted = false
  // Since when the event loop has had no turn, as far as that is known.
  let sliceStartMs = 0
  let cancelSlice: (() => void) | undefined
  let onQuiet: (() => void) | undefined
  const leaving = new Map<DeliveryHome, () => void>()

  const schedulePump = (): void => {
    if (pumpScheduled || halted || cancelPause !== undefined) return
    pumpScheduled = true
    // In a microtask: what becomes ready together is started together, and no caller is re-entered.
    queueMicrotask(() => {
      pumpScheduled = false
      pump(false)
    })
  }

  const pause = (delayMs: number, reason: 'pace' | 'slice'): void => {
    cancelPause = clock.schedule(delayMs, () => {
      cancelPause = undefined
      endSlice()
      pump(reason === 'pace')
    })
  }

  /** Whether work has gone on for long enough. A timer that fires shows that others have had their turn. */
  const isSliceOver = (nowMs: number): boolean => {
    if (cancelSlice !== undefined) return nowMs - sliceStartMs > SLICE_MS
    sliceStartMs = nowMs
    cancelSlice = clock.schedule(0, endSlice, { background: true })
    return false
  }

  const endSlice = (): void => {
    cancelSlice?.()
    cancelSlice = undefined
  }

  const pump = (woken: boolean): void => {
    while (!halted && cancelPause === undefined && running.size < concurrency) {
      const delivery = line.peek()
      if (delivery === undefined) return
      if (!delivery.home.admits(delivery)) {
        line.shift()
        continue
      }
      const nowMs = clock.monotonicMs()
      const delayMs = valve.delayMs(nowMs, woken)
      if (delayMs > 0) {
        if (delayMs !== Infinity) pause(delayMs, 'pace')
        return
      }
      if (isSliceOver(nowMs)) {
        pause(0, 'slice')
        return
      }
      line.shift()
      start(delivery, nowMs, valve.take(nowMs))
    }
  }

  const start = (delivery: Delivery, nowMs: number, isProbe: boolean): void => {
    const attempt = createAttempt(delivery, attemptSetup, nowMs, isProbe)
    delivery.state = states.running
    running.add(attempt)
    if (timeoutMs !== Infinity && cancelDeadline === undefined) watchDeadlines(nowMs)
    try {
      if (delivery.keyError !== undefined) throw delivery.keyError.error
      const result = target.handle(deliveredEvent(delivery.event), attempt.context) as unknown
      if (isThenable(result))
        result.then(
          () => succeed(attempt),
          (error: unknown) => fail(attempt, error),
        )
      else succeed(attempt)
    } catch (error) {
      fail(attempt, error)
    }
  }

  const succeed = (attempt: Attempt): void => {
    if (!settle(attempt)) return
    const nowMs = clock.monotonicMs()
    const durationMs = nowMs - attempt.startedAtMs
    valve.succeeded(attempt.isProbe, durationMs, nowMs)
    attempt.delivery.home.succeeded(attempt.delivery, durationMs)
  }

  const fail = (attempt: Attempt, error: unknown): void => {
    // What was committed with its ack is done, whatever the handler did afterwards.
    if (attempt.delivery.isAcked) {
      succeed(attempt)
      return
    }
    if (!settle(attempt)) return
    const { delivery, isProbe, startedAtMs } = attempt
    const nowMs = clock.monotonicMs()
    valve.failed(isProbe, error, nowMs - startedAtMs, nowMs)
    // The destination was asked, not the event. Where there is another one to ask with next time, this one keeps its attempts.
    if (isProbe && valve.breaker === 'open' && line.size > 0) delivery.home.takenBack(delivery)
    else delivery.home.failed(delivery, error, nowMs - startedAtMs)
  }

  /** Frees the attempt's place. False when its outcome does not count any more. */
  const settle = (attempt: Attempt): boolean => {
    if (attempt.settled) return false
    attempt.settled = true
    running.delete(attempt)
    if (running.size === 0) onQuiet?.()
    leaving.get(attempt.delivery.home)?.()
    schedulePump()
    return true
  }

  const watchDeadlines = (nowMs: number): void => {
    cancelDeadline = undefined
    const first = nextOf(running)
    if (first === undefined) return
    // In the background: a handler that hangs must not be what keeps the process alive.
    cancelDeadline = clock.schedule(
      Math.max(0, first.startedAtMs + timeoutMs - nowMs),
      () => {
        const firedAtMs = clock.monotonicMs()
        for (const attempt of running) {
          if (attempt.startedAtMs + timeoutMs > firedAtMs) break
          const error = timeoutError(timeoutMs)
          attempt.abort(error)
          fail(attempt, error)
        }
        watchDeadlines(firedAtMs)
      },
      { background: true },
    )
  }

  return {
    get inFlight() {
      return running.size
    },
    offer(delivery) {
      line.push(delivery)
      schedulePump()
    },
    wake() {
      cancelPause?.()
      cancelPause = undefined
      schedulePump()
    },
    halt() {
      halted = true
      endSlice()
      cancelPause?.()
      cancelPause = undefined
    },
    quiet(graceMs) {
      return new Promise((resolve) => {
        if (running.size === 0 || graceMs <= 0) {
          resolve()
          return
        }
        const cancel = clock.schedule(graceMs, () => finish())
        const finish = (): void => {
          onQuiet = undefined
          cancel()
          resolve()
        }
        onQuiet = finish
      })
    },
    quietOf(home, graceMs) {
      return new Promise((resolve) => {
        const finish = (): void => {
          leaving.delete(home)
          cancel()
          resolve()
        }
        const look = (): void => {
          for (const { delivery } of running) if (delivery.home === home) return
          finish()
        }
        const cancel = clock.schedule(graceMs, finish)
        leaving.set(home, look)
        look()
      })
    },
    breakOff(reason, home) {
      for (const attempt of running) {
        if (home !== undefined && attempt.delivery.home !== home) continue
        settle(attempt)
        if (attempt.isProbe) valve.abandoned()
        attempt.delivery.state = states.queued
        attempt.abort(reason)
      }
      if (halted) {
        cancelDeadline?.()
        cancelDeadline = undefined
      }
    },
  }
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && typeof (value as { then?: unknown }).then === 'function'
}

function nextOf<Item>(items: Iterable<Item>): Item | undefined {
  for (const item of items) return item
  return undefined
}

function timeoutError(timeoutMs: number): IntegrationError {
  return new IntegrationError({
    code: 'timeout',
    reason: 'handler_timeout',
    phase: 'local',
    message: `The handler did not finish within ${timeoutMs} ms.`,
  })
}
