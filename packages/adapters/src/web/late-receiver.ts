import type { Receiver } from '@holdfast/webhook-receiver'

/**
 * A receiver, or a function that gives it. Where a module may be loaded without being used, as in the build of a Next
 * application, or may do nothing while it is loaded, as in a Worker, the function opens it when the first request comes. It is
 * called for each request; what it throws is thrown.
 */
export type LateReceiver =
  | Pick<Receiver, 'accept'>
  | (() => Pick<Receiver, 'accept'> | Promise<Pick<Receiver, 'accept'>>)

/** A receiver that is not asked for before it is needed. */
export function lateReceiver(receiver: LateReceiver): Pick<Receiver, 'accept'> {
  if (typeof receiver !== 'function') return receiver
  return { accept: async (source, incoming) => (await receiver()).accept(source, incoming) }
}
