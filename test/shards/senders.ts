import { Agent, request } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { sign } from '@octokit/webhooks-methods'
import { makeEvent, webhookSecret } from '../crash/test-event.ts'

/** Senders that have their events acknowledged, each with a key, one event after the other. */
export interface Senders {
  readonly sent: ReadonlySet<string>
  readonly acknowledged: ReadonlySet<string>
  /** Acknowledged events that were sent once more, on another connection. */
  readonly repeated: number
  /** Resolves when every sender is through. */
  readonly finished: Promise<void>
}

const ANSWER_TIMEOUT_MS = 15_000

export function startSenders(options: {
  readonly port: number
  readonly seed: number
  readonly keys: number
  readonly eventsPerKey: number
  readonly repeatRatio: number
}): Senders {
  const { port, seed, keys, eventsPerKey, repeatRatio } = options
  const sent = new Set<string>()
  const acknowledged = new Set<string>()
  let repeated = 0

  const send = async (key: string, seq: number): Promise<void> => {
    const event = makeEvent(seed, key, seq)
    const signature = await sign(webhookSecret, event.body)
    for (;;) {
      // A connection of its own for each request, so that any worker may get it.
      const status = await post(port, event.body, event.deliveryId, signature)
      if (status !== undefined && status >= 200 && status < 300) return
      if (status !== undefined && status !== 503) throw new Error(`${key}/${seq} was answered ${status}`)
      await sleep(20)
    }
  }

  const run = async (key: string): Promise<void> => {
    for (let seq = 1; seq <= eventsPerKey; seq++) {
      sent.add(`${key}/${seq}`)
      await send(key, seq)
      acknowledged.add(`${key}/${seq}`)
      if (Math.random() >= repeatRatio) continue
      repeated++
      await send(key, seq)
    }
  }

  return {
    sent,
    acknowledged,
    get repeated() {
      return repeated
    },
    finished: Promise.all(Array.from({ length: keys }, (_, index) => run(`key${index}`))).then(() => undefined),
  }
}

function post(port: number, body: string, deliveryId: string, signature: string): Promise<number | undefined> {
  return new Promise((resolve) => {
    const outgoing = request(
      {
        agent: new Agent(),
        host: '127.0.0.1',
        port,
        method: 'POST',
        path: '/webhooks/github',
        headers: {
          'content-type': 'application/json',
          'content-length': Buffer.byteLength(body),
          'x-github-event': 'issues',
          'x-github-delivery': deliveryId,
          'x-hub-signature-256': signature,
        },
        timeout: ANSWER_TIMEOUT_MS,
      },
      (response) => {
        response.resume()
        resolve(response.statusCode)
        response.on('error', () => undefined)
      },
    )
    outgoing.on('timeout', () => outgoing.destroy())
    outgoing.on('error', () => resolve(undefined))
    outgoing.end(body)
  })
}
