import { type Check, withMethods } from '@holdfast/core'

/** An `EventBuffer`. */
export const eventBuffer: Check = named(
  'an event buffer such as `diskBuffer(…)`',
  withMethods('open', 'append', 'openConsumer', 'close'),
)

/** An `IdempotencyStore`. */
export const idempotencyStore: Check = named(
  'an idempotency store',
  withMethods('begin', 'renew', 'complete', 'abandon'),
)

/** The same check, which says `what` in place of the methods. */
function named(what: string, check: Check): Check {
  return (value) => (check(value) === undefined ? undefined : what)
}
