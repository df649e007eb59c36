import type { NewEvent, StoredEvent } from '@holdfast/webhook-receiver'
import { seededRandom } from '../seeded-random.ts'

const BODY_BYTES = 100
/** A body begins with the event's number and that of the one before it in its key, 0 for none. */
const PREVIOUS_AT = 4

/** Numbers of an event: the same seed gives the same keys. */
export interface LedgerEvents {
  /** Events from `from` on, in order. Only one more than before may be asked for. */
  take(from: number, count: number): NewEvent[]
}

/** Events whose keys follow Zipf's law: the most frequent of 1,000 has every seventh of them. */
export function ledgerEvents(seed: number, keys: number, from: number): LedgerEvents {
  const lastOfKey = new Map<number, number>()
  let next = 1
  const previousOf = (number: number): { readonly key: number; readonly previous: number } => {
    const key = keyOf(seed, keys, number)
    const previous = lastOfKey.get(key) ?? 0
    lastOfKey.set(key, number)
    next = number + 1
    return { key, previous }
  }
  while (next < from) previousOf(next)
  return {
    take(first, count) {
      if (first !== next) throw new Error(`The next event is ${next}, not ${first}.`)
      return Array.from({ length: count }, (_, index) => {
        const number = first + index
        const { key, previous } = previousOf(number)
        const body = new Uint8Array(BODY_BYTES).fill(number)
        const view = new DataView(body.buffer)
        view.setUint32(0, number)
        view.setUint32(PREVIOUS_AT, previous)
        return {
          id: `evt_${number}`,
          source: 'ledger',
          key: `key${key}`,
          receivedAt: 1_750_000_000_000,
          method: 'POST',
          url: '/',
          headers: [],
          body,
        }
      })
    },
  }
}

/** The numbers in an event, or nothing when its body is not the one that was made. */
export function numbersOf({
  id,
  body,
}: Pick<StoredEvent, 'id' | 'body'>): { readonly number: number; readonly previous: number } | undefined {
  if (body.length !== BODY_BYTES) return undefined
  const view = new DataView(body.buffer, body.byteOffset, body.length)
  const number = view.getUint32(0)
  const rest = body.subarray(2 * PREVIOUS_AT)
  if (id !== `evt_${number}` || rest.some((byte) => byte !== number % 256)) return undefined
  return { number, previous: view.getUint32(PREVIOUS_AT) }
}

function keyOf(seed: number, keys: number, number: number): number {
  // The logarithm of the rank is uniform.
  return Math.floor((keys + 1) ** seededRandom(seed, 'key', number).next()) - 1
}
