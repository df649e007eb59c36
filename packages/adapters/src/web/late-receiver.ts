import type { Receiver } from '@holdfast/webhook-receiver'
import { checkedReceiver } from '../node-http/checked-receiver.ts'

/**
 * A receiver, or a function that gives it. Where a module may be loaded without being used, as in the build of a Next
 * application, or may do nothing while it is loaded, as in a Worker, the function opens it when the first request comes. It is
 * called for each request; what it throws is thrown.
 */
export type LateReceiver =
  | Pick<Receiver, 'accept'>
  | (() => Pick<Receiver, 'accept'> | Promise<Pick<Receiver, 'accept'>>)

/**
 * A receiver that is not asked for before it is needed.
 *
 * @throws InvalidOptionsError for what is neither a receiver nor a function.
 */
export function lateReceiver(receiver: LateReceiver): Pick<Receiver, 'accept'> {
  if (typeof receiver !== 'function') return checkedReceiver(receiver)
  return {
    accept: async (source, incoming) => checkedReceiver(await receiver(), 'receiver()').accept(source, incoming),
  }
}
