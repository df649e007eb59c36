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

/** Sends `count` events of one more key, several at a time, and resolves when all are answered. */
export async function sendBurst(port: number, prefix: string, count: number): Promise<readonly string[]> {
  const agent = new Agent({ keepAlive: true })
  const statuses = new Set<string>()
  const events = Array.from({ length: count }, (_, index) => `${prefix}${index} 1`)
  const queue = [...events]
  const worker = async (): Promise<void> => {
    for (let event = queue.shift(); event !== undefined; event = queue.shift())
      statuses.add(await post(agent, port, event.split(' ')[0] ?? '', event))
  }
  await Promise.all(Array.from({ length: 16 }, worker))
  agent.destroy()
  if (statuses.size !== 1 || !statuses.has('ok')) throw new Error(`answers: ${[...statuses].join(', ')}`)
  return events
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
