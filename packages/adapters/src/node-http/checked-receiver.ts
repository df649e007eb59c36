import { callback, checkOptions, either, InvalidOptionsError, nonEmptyString } from '@holdfast/core'
import type { Receiver } from '@holdfast/webhook-receiver'

/**
 * The receiver of an adapter.
 *
 * @throws InvalidOptionsError for what is none, such as a promise of one, or `{ receiver }`.
 */
export function checkedReceiver(receiver: Pick<Receiver, 'accept'>, path = 'receiver'): Pick<Receiver, 'accept'> {
  const given: unknown = receiver
  if (typeof given === 'object' && given !== null && 'accept' in given && typeof given.accept === 'function') {
    return receiver
  }
  throw new InvalidOptionsError({
    path,
    expected: 'a receiver, as `createReceiver(…)` makes it',
    received: given,
    ...(given instanceof Promise ? { receivedText: 'a promise', hint: 'Await it.' } : {}),
  })
}

/**
 * Checks the options of an adapter that knows no route parameter.
 *
 * @throws InvalidOptionsError when one is wrong, or there is no `source`.
 */
export function checkNeededSource(options: { readonly source: unknown }): void {
  checkOptions('', options, { source: either(nonEmptyString, callback) })
  if (options.source !== undefined) return
  throw new InvalidOptionsError({
    path: 'source',
    expected: 'the name of the source, or a function that finds it in the request',
    received: undefined,
  })
}
