import { createHmac } from 'node:crypto'

/** Secret that load generator and servers share. */
export const webhookSecret = 'bench-secret'

/** Size of a delivery's body, in bytes. */
export const BODY_BYTES = 1024

const COUNTER_DIGITS = 12

/** A delivery as GitHub sends it. */
export interface Delivery {
  readonly body: string
  readonly deliveryId: string
  readonly signature: string
}

/** Deliveries that differ from one another and from those of every other maker with another prefix. */
export function deliveryMaker(prefix: string): () => Delivery {
  const fixed = {
    action: 'opened',
    number: 1347,
    repository: { id: 1296269, full_name: 'octocat/hello-world', private: false },
    sender: { login: 'octocat', id: 1, type: 'User' },
  }
  let counter = 0
  const bare = JSON.stringify({ delivery: prefix + '0'.repeat(COUNTER_DIGITS), ...fixed, body: '' })
  const filler = 'x'.repeat(BODY_BYTES - bare.length)
  const tail = JSON.stringify({ ...fixed, body: filler }).slice(1)
  return () => {
    counter += 1
    const deliveryId = prefix + String(counter).padStart(COUNTER_DIGITS, '0')
    const body = `{"delivery":"${deliveryId}",${tail}`
    return { body, deliveryId, signature: `sha256=${createHmac('sha256', webhookSecret).update(body).digest('hex')}` }
  }
}
