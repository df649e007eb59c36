import type { AppendResult, Consumer, EventBuffer } from '@holdfast/webhook-receiver'

/**
 * Ways to break the receiver on purpose. The crash test has to find each of them; one that it cannot find would be a
 * promise that it does not check.
 */
export const mutations = {
  /** Answers before the write: a kill loses what was acknowledged. */
  'acknowledge-before-write': acknowledgeBeforeWrite,
  /** Forgets every tenth batch of acks: a kill brings back events whose successors were delivered. */
  'forget-acks': forgetAcks,
  /** Never recognises an id: what is sent twice is delivered twice. */
  'forget-ids': forgetIds,
} as const satisfies Record<string, (buffer: EventBuffer) => EventBuffer>

export type MutationName = keyof typeof mutations

export function isMutationName(name: string): name is MutationName {
  return Object.hasOwn(mutations, name)
}

const WRITE_DELAY_MS = 20

function acknowledgeBeforeWrite(buffer: EventBuffer): EventBuffer {
  return override(buffer, {
    append: async (events) => {
      // Whoever has answered already cannot say that the write failed.
      setTimeout(() => void buffer.append(events).catch(() => undefined), WRITE_DELAY_MS)
      return events.map((): AppendResult => ({ status: 'appended', partition: 0, position: '' }))
    },
  })
}

function forgetAcks(buffer: EventBuffer): EventBuffer {
  let commits = 0
  return override(buffer, {
    openConsumer: async (name, options) => {
      const consumer: Consumer = await buffer.openConsumer(name, options)
      return override(consumer, {
        commit: async (lease, delta) => {
          commits += 1
          if (commits % 10 !== 0) await consumer.commit(lease, delta)
        },
      })
    },
  })
}

function forgetIds(buffer: EventBuffer): EventBuffer {
  let appended = 0
  return override(buffer, {
    append: async (events) =>
      await buffer.append(events.map((event) => ({ ...event, id: `${event.id}#${++appended}` }))),
  })
}

/** The same object with some methods replaced. Private state stays reachable, because the rest runs on the original. */
function override<T extends object>(target: T, replaced: Partial<T>): T {
  return new Proxy(target, {
    get(original, property) {
      const value: unknown = Reflect.get(Object.hasOwn(replaced, property) ? replaced : original, property)
      return typeof value === 'function' ? value.bind(original) : value
    },
  })
}
