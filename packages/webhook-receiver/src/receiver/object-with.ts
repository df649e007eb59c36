import type { Check } from '@holdfast/core'

/** Checks that an option is an object with these methods. `what` names it in messages. */
export function objectWith(what: string, ...methods: readonly string[]): Check {
  return (value) => {
    const isComplete =
      typeof value === 'object' &&
      value !== null &&
      methods.every((name) => typeof (value as Record<string, unknown>)[name] === 'function')
    return isComplete ? undefined : what
  }
}

/** An `EventBuffer`. */
export const eventBuffer: Check = objectWith(
  'an event buffer such as `diskBuffer(…)`',
  'open',
  'append',
  'openConsumer',
  'close',
)
