import { type Clock, IntegrationError } from '@holdfast/core'
import { createFifo } from '../drain/fifo.ts'

const RETRY_AFTER_MS = 1_000
// How long requests are worked on in one turn of the event loop while something is to be delivered. The drain takes as much.
const TURN_MS = 10
// Microtasks between the leave to go on and the end of the work that needs no waiting.
const STEPS_OF_WORK = 8

/** The defaults of the limits. */
export const defaultDoorLimits: DoorLimits = Object.freeze({
  maxInFlightRequests: 1_000,
  maxInFlightBytes: 128 * 1024 * 1024,
})

/** Limits of what is taken in at once. */
export interface DoorLimits {
  readonly maxInFlightRequests: number
  readonly maxInFlightBytes: number
}

/** One request on its way through. */
export interface Visit {
  /**
   * The request holds so many bytes now. Only what has come is counted: a length that was only announced costs nothing.
   *
   * @throws IntegrationError `overloaded`, reason `memory`, when they find no room.
   */
  readonly hold: (bytes: number) => void
  /** Resolves when it is this request's turn; `undefined`: it is. */
  turn(): Promise<void> | undefined
  readonly leave: () => void
}

/**
 * Decides how much is taken in at once, so that memory stays bounded, and that requests and deliveries each get their share of the event loop, however
 * many requests come.
 */
export interface Door {
  /** @throws IntegrationError `overloaded`, reason `requests`, when there are too many. */
  enter(): Visit
}

/** Makes a door. `isBusy`: something is to be delivered in this process. */
export function createDoor(limits: DoorLimits, clock: Clock, isBusy: () => boolean): Door {
  let requests = 0
  let bytes = 0
  let turnStartedMs: number | undefined
  const waiting = createFifo<() => void>()

  const startTurn = (): void => {
    turnStartedMs = clock.monotonicMs()
    clock.schedule(
      0,
      () => {
        turnStartedMs = undefined
        void release()
      },
      { background: true },
    )
  }

  const isTurnOver = (): boolean => {
    if (!isBusy()) return false
    if (turnStartedMs === undefined) startTurn()
    return clock.monotonicMs() - (turnStartedMs ?? 0) >= TURN_MS
  }

  /** Lets requests go on in order, until the time of this turn is over. */
  const release = async (): Promise<void> => {
    while (waiting.size > 0 && !isTurnOver()) {
      waiting.shift()?.()
      // Its work begins in one of these.
      for (let step = 0; step < STEPS_OF_WORK; step++) await Promise.resolve()
    }
  }

  return {
    enter() {
      if (requests >= limits.maxInFlightRequests)
        throw overloaded('requests', `${requests} requests are under way, as many as \`maxInFlightRequests\` allows.`)
      requests += 1
      let held = 0
      return {
        hold(total) {
          const more = total - held
          // The only one is taken whatever its size: otherwise it could never be.
          if (more > 0 && bytes > held && bytes + more > limits.maxInFlightBytes)
            throw overloaded(
              'memory',
              `The bodies of the requests under way fill the ${limits.maxInFlightBytes} bytes of \`maxInFlightBytes\`.`,
            )
          bytes += more
          held = total
        },
        turn() {
          if (waiting.size === 0 && !isTurnOver()) return undefined
          return new Promise((resolve) => waiting.push(resolve))
        },
        leave() {
          requests -= 1
          bytes -= held
          held = 0
        },
      }
    },
  }
}

function overloaded(reason: string, message: string): IntegrationError {
  return new IntegrationError({ code: 'overloaded', reason, message, retryAfterMs: RETRY_AFTER_MS, phase: 'local' })
}
