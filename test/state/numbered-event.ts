import type { NewEvent } from '@holdfast/webhook-receiver'

/** Number of the keys that numbered events have in turn. */
export const KEYS = 8

/** The event of a number, which is its body, too. */
export function eventOf(number: number): NewEvent {
  return {
    id: `evt_${number}`,
    key: `key_${number % KEYS}`,
    source: 'shop',
    receivedAt: 1_750_000_000_000 + number,
    method: 'POST',
    url: '/',
    headers: [],
    body: Buffer.from(String(number)),
  }
}
