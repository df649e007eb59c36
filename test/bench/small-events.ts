import type { EventBuffer, NewEvent } from '@holdfast/webhook-receiver'

/** Events of 100 bytes, each with a key of its own. */
export function smallEvents(): () => NewEvent {
  const body = Buffer.alloc(100, 'x')
  let made = 0
  return () => {
    made += 1
    const id = `evt_${made}`
    return { id, source: 'shop', key: id, receivedAt: Date.now(), method: 'POST', url: '/hooks', headers: [], body }
  }
}

/** Appends so many events at once, each by a call of its own. */
export async function appendMany(buffer: EventBuffer, nextEvent: () => NewEvent, count: number): Promise<void> {
  await Promise.all(Array.from({ length: count }, () => buffer.append([nextEvent()])))
}
