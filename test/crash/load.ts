import { Agent, request } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { sign } from '@octokit/webhooks-methods'
import type { Audit } from './audit.ts'
import { deferred } from './deferred.ts'
import { type SeededRandom, seededRandom } from './seeded-random.ts'
import { makeEvent, type TestEvent, webhookSecret } from './test-event.ts'

/**
 * Concurrent senders, one per key. Each has one event on its way at a time, so that the order within its key is defined,
 * and sends an event that was not answered again until it is.
 */
export interface Load {
  /** The victim takes events at this port. */
  connect(port: number): void
  /** The victim is gone, or going. */
  disconnect(): void
  /** No new events; resolves when everything that was sent is acknowledged. */
  settle(): Promise<void>
  counts(): LoadCounts
}

export interface LoadCounts {
  /** Events that were sent again because the first sending was not answered. */
  readonly resent: number
  /** Events that were sent again although they had been acknowledged. */
  readonly repeated: number
  /** Answers 503. */
  readonly refused: number
}

export interface LoadOptions {
  readonly audit: Audit
  readonly seed: number
  readonly keys: number
  /** Called once, with an answer that no receiver may give, or none at all. */
  readonly onFailure: (error: Error) => void
}

const ANSWER_TIMEOUT_MS = 15_000
const PAUSE_AFTER_REFUSAL_MS = 5
const REPEAT_RATIO = 0.05
const REPEAT_DISTANCE = 50
/** Far below the victim's dedupe window. */
const REPEAT_WITHIN_MS = 30_000

interface Endpoint {
  readonly port: number
  readonly agent: Agent
}

export function startLoad({ audit, seed, keys, onFailure }: LoadOptions): Load {
  let endpoint = deferred<Endpoint>()
  let connected = false
  let settling = false
  const counts = { resent: 0, repeated: 0, refused: 0 }

  /** Sends until the event is acknowledged, over as many runs as it takes. */
  async function sendUntilAcknowledged(event: TestEvent): Promise<void> {
    const signature = await sign(webhookSecret, event.body)
    for (let attempt = 1; ; attempt += 1) {
      const target = await endpoint.promise
      if (attempt > 1) counts.resent += 1
      const status = await post(target, event, signature)
      if (status !== undefined && status >= 200 && status < 300) return
      if (status === 503) counts.refused += 1
      else if (status !== undefined) throw new Error(`${event.key}/${event.seq} was answered ${status}`)
      await sleep(PAUSE_AFTER_REFUSAL_MS)
    }
  }

  async function runSender(key: string): Promise<void> {
    const random: SeededRandom = seededRandom(seed, 'sender', key)
    const sentAtMs: number[] = []
    for (let seq = 1; !settling; seq += 1) {
      await endpoint.promise
      const event = makeEvent(seed, key, seq)
      audit.sent(key, seq, event.digest)
      sentAtMs[seq] = performance.now()
      await sendUntilAcknowledged(event)
      audit.acknowledged(key, seq)
      if (!random.chance(REPEAT_RATIO)) continue
      const earlier = random.integer(Math.max(1, seq - REPEAT_DISTANCE), seq)
      if (performance.now() - (sentAtMs[earlier] ?? 0) > REPEAT_WITHIN_MS) continue
      counts.repeated += 1
      await sendUntilAcknowledged(makeEvent(seed, key, earlier))
    }
  }

  const senders = Promise.all(Array.from({ length: keys }, (_, index) => runSender(`key${index}`)))
  senders.catch(onFailure)

  return {
    connect(port) {
      connected = true
      endpoint.resolve({ port, agent: new Agent({ keepAlive: true, maxSockets: keys }) })
    },
    disconnect() {
      // Who waits for an endpoint goes on waiting for the same promise.
      if (!connected) return
      connected = false
      // Sockets are left to end by themselves: an answer that is still on its way is an acknowledgement.
      endpoint = deferred<Endpoint>()
    },
    async settle() {
      settling = true
      await senders
    },
    counts: () => ({ ...counts }),
  }
}

/** The status, or nothing when the connection broke. */
async function post({ port, agent }: Endpoint, event: TestEvent, signature: string): Promise<number | undefined> {
  const { promise, resolve, reject } = deferred<number | undefined>()
  const outgoing = request(
    {
      agent,
      host: '127.0.0.1',
      port,
      method: 'POST',
      path: '/webhooks/github',
      headers: {
        'content-type': 'application/json',
        'content-length': Buffer.byteLength(event.body),
        'x-github-event': 'issues',
        'x-github-delivery': event.deliveryId,
        'x-hub-signature-256': signature,
      },
      timeout: ANSWER_TIMEOUT_MS,
    },
    (response) => {
      response.resume()
      // The status line is the acknowledgement; a provider does not wait for more.
      resolve(response.statusCode)
      response.on('error', () => undefined)
    },
  )
  outgoing.on('timeout', () => {
    reject(new Error(`${event.key}/${event.seq} was not answered within ${ANSWER_TIMEOUT_MS} ms`))
    outgoing.destroy()
  })
  outgoing.on('error', () => resolve(undefined))
  outgoing.end(event.body)
  return await promise
}
