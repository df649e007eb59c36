import { Agent, request } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'

/** Senders of webhooks, one per key. Each sends its next event when the last one was answered, so that order is defined. */
export interface OrderSenders {
  /** Events that were answered, as `key number`. */
  readonly answered: readonly string[]
  /** Every status other than a 2xx, and every connection that broke. */
  readonly failures: readonly string[]
  /** Sends no new events, and resolves when all are answered. */
  stop(): Promise<void>
}

/** Starts senders that make a new event each `pauseMs`. */
export function startOrderSenders(port: number, keys: number, pauseMs: number): OrderSenders {
  const answered: string[] = []
  const failures: string[] = []
  const agent = new Agent({ keepAlive: true })
  let stopped = false

  const sender = async (key: number): Promise<void> => {
    for (let number = 1; !stopped; number++) {
      const event = `key${key} ${number}`
      const outcome = await post(agent, port, `key${key}`, event)
      if (outcome === 'ok') answered.push(event)
      else failures.push(`${event}: ${outcome}`)
      await sleep(pauseMs)
    }
  }
  const running = Array.from({ length: keys }, (_, key) => sender(key))

  return {
    answered,
    failures,
    async stop() {
      stopped = true
      await Promise.all(running)
      agent.destroy()
    },
  }
}

/** Keys of a burst. */
const BURST_KEYS = 24

/**
 * Sends the events `from` to `to` of a burst whose keys take turns, and resolves when all are answered. A key's next event is sent when its last one was
 * answered.
 */
export async function sendBurst(port: number, from: number, to: number): Promise<readonly string[]> {
  const agent = new Agent({ keepAlive: true })
  const statuses = new Set<string>()
  const events = Array.from({ length: to - from + 1 }, (_, index) => burstEvent(from + index))
  const sender = async (key: string): Promise<void> => {
    for (const event of events) if (event.startsWith(`${key} `)) statuses.add(await post(agent, port, key, event))
  }
  await Promise.all(Array.from({ length: BURST_KEYS }, (_, key) => sender(`key${key}`)))
  agent.destroy()
  if (statuses.size !== 1 || !statuses.has('ok')) throw new Error(`answers: ${[...statuses].join(', ')}`)
  return events
}

function burstEvent(number: number): string {
  return `key${number % BURST_KEYS} ${number}`
}

function post(agent: Agent, port: number, key: string, body: string): Promise<string> {
  return new Promise((resolve) => {
    const outgoing = request(
      { agent, port, host: '127.0.0.1', method: 'POST', path: '/hooks', headers: { 'x-order': key } },
      (response) => {
        response.resume()
        response.on('end', () => {
          const status = response.statusCode ?? 0
          resolve(status >= 200 && status < 300 ? 'ok' : `answered ${status}`)
        })
        response.on('error', () => resolve('broke off'))
      },
    )
    outgoing.on('error', (error) => resolve(error.message))
    outgoing.end(body)
  })
}
