import { abortSignal, checkOptions, type Clock, InvalidOptionsError, number, oneOf } from '@holdfast/core'
import type { Consumer, EventPlace } from '../buffer/event-buffer.ts'
import type { DeadLetterChoice, DeadLetters, EventQuery } from './destination-control.ts'
import { eventMatcher, queryChecks } from './event-query.ts'

// How many are put back in line at once.
const REDRIVEN_AT_ONCE = 64
// With a pace, in steps of so long, so that a high rate does not need a timer for each.
const STEP_MS = 100

/** Makes the control of a destination's dead letters. `onChange`: what is parked or dead has changed. */
export function createDeadLetterControl(options: {
  readonly consumer: () => Promise<Consumer> | Consumer
  readonly clock: Clock
  readonly onChange: () => Promise<void>
}): DeadLetters {
  const { consumer, clock, onChange } = options

  const chosen = async (choice: DeadLetterChoice): Promise<EventPlace[]> => {
    const matches = eventMatcher(checkChoice(choice))
    const places: EventPlace[] = []
    for await (const { event } of (await consumer()).deadLetters())
      if (matches(event)) places.push({ partition: event.partition, position: event.position })
    return places
  }

  return {
    async *list(query = {}) {
      checkOptions('', query, queryChecks)
      const matches = eventMatcher(query)
      for await (const letter of (await consumer()).deadLetters()) if (matches(letter.event)) yield letter
    },
    async redrive(choice, redriveOptions = {}) {
      checkOptions('', redriveOptions, { ratePerSecond: number({ min: 0.001, max: 1_000_000 }), signal: abortSignal })
      const { ratePerSecond = Infinity, signal } = redriveOptions
      // In the order of arrival, which is not that in which they were given up: one that was redriven before may have died twice.
      const places = (await chosen(choice)).toSorted(byPlace)
      const atOnce = Math.min(REDRIVEN_AT_ONCE, Math.max(1, Math.floor((ratePerSecond * STEP_MS) / 1000)))
      let redriven = 0
      for (let next = 0; next < places.length; next += atOnce) {
        signal?.throwIfAborted()
        if (next > 0 && ratePerSecond !== Infinity) await clock.sleep((atOnce * 1000) / ratePerSecond, signal)
        redriven += await (await consumer()).redrive(places.slice(next, next + atOnce))
        await onChange()
      }
      return redriven
    },
    async purge(choice) {
      const purged = await (await consumer()).purge(await chosen(choice))
      await onChange()
      return purged
    },
  }
}

function byPlace(left: EventPlace, right: EventPlace): number {
  if (left.partition !== right.partition) return left.partition - right.partition
  return left.position < right.position ? -1 : 1
}

/** A forgotten condition must not mean everything. */
function checkChoice(choice: DeadLetterChoice): EventQuery {
  checkOptions('', choice, { ...queryChecks, all: oneOf(true) })
  const { all, ...query } = choice as EventQuery & { readonly all?: true }
  if (all === true || Object.values(query).some((value) => value !== undefined)) return query
  throw new InvalidOptionsError({
    path: 'choice',
    expected: '`all: true`, or at least one condition',
    received: choice,
  })
}
