import { createHash } from 'node:crypto'
import { seededRandom } from './seeded-random.ts'

/** An event as the senders make it: the same seed, key and number give the same bytes. */
export interface TestEvent {
  readonly key: string
  readonly seq: number
  readonly body: string
  readonly digest: string
  /** What a GitHub delivery has as its id. */
  readonly deliveryId: string
}

/** Secret that the senders sign with. */
export const webhookSecret = 'crash-test-secret'

const MIN_BODY_BYTES = 200
const MAX_BODY_BYTES = 40 * 1024
const FILLER = 'abcdefghijklmnopqrstuvwxyz0123456789'.repeat(Math.ceil(MAX_BODY_BYTES / 36) + 1)

export function makeEvent(seed: number, key: string, seq: number): TestEvent {
  const random = seededRandom(seed, key, seq)
  // Log-uniform: most bodies are small, as they are in life.
  const size = Math.floor(MIN_BODY_BYTES * (MAX_BODY_BYTES / MIN_BODY_BYTES) ** random.next())
  const offset = random.integer(0, 35)
  const body = JSON.stringify({ key, seq, action: 'opened', filler: FILLER.slice(offset, offset + size) })
  const digest = digestOf(Buffer.from(body))
  return { key, seq, body, digest, deliveryId: `${key}-${seq}-${digest}` }
}

/** Short hash of a body, for records. */
export function digestOf(body: Uint8Array): string {
  return createHash('sha256').update(body).digest('hex').slice(0, 16)
}

/** Key and number of an event, as the handler finds them in the body. */
export function identify(payload: unknown): { readonly key: string; readonly seq: number } {
  if (typeof payload === 'object' && payload !== null && 'key' in payload && 'seq' in payload) {
    const { key, seq } = payload
    if (typeof key === 'string' && typeof seq === 'number') return { key, seq }
  }
  return { key: '?', seq: 0 }
}
