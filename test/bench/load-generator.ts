/**
 * Sends signed deliveries over raw sockets in a closed loop: each connection sends the next one when it has the answer.
 * It speaks just enough HTTP/1.1 for that, so that little of the machine goes to the client.
 */
import { randomBytes } from 'node:crypto'
import { connect, type Socket } from 'node:net'
import { deliveryMaker } from './github-delivery.ts'
import { quantile } from './statistics.ts'

export interface LoadOrder {
  readonly port: number
  readonly connections: number
  readonly warmUpMs: number
  readonly durationMs: number
}

export interface LoadResult {
  readonly requestsPerSecond: number
  readonly p50Ms: number
  readonly p90Ms: number
  readonly p99Ms: number
}

process.on('disconnect', () => process.exit(0))
process.on('message', (order: LoadOrder) => {
  void run(order).then((result) => process.send?.(result))
})
process.send?.('ready')

async function run({ port, connections, warmUpMs, durationMs }: LoadOrder): Promise<LoadResult> {
  const nextDelivery = deliveryMaker(randomBytes(4).toString('hex'))
  const countFrom = performance.now() + warmUpMs
  const countTo = countFrom + durationMs
  const latencies: number[] = []
  let lastAt = countTo
  const onAnswer = (startedAt: number): boolean => {
    const now = performance.now()
    // A server that answers nothing in the time is waited for: there is always a rate.
    if (now >= countFrom && (now < countTo || latencies.length === 0)) {
      latencies.push(now - startedAt)
      lastAt = Math.max(lastAt, now)
    }
    return now < countTo
  }
  await Promise.all(Array.from({ length: connections }, () => drive(port, nextDelivery, onAnswer)))
  latencies.sort((a, b) => a - b)
  return {
    requestsPerSecond: (latencies.length * 1000) / (lastAt - countFrom),
    p50Ms: quantile(latencies, 0.5),
    p90Ms: quantile(latencies, 0.9),
    p99Ms: quantile(latencies, 0.99),
  }
}

/** One connection. `onAnswer` says whether to go on. */
async function drive(
  port: number,
  nextDelivery: ReturnType<typeof deliveryMaker>,
  onAnswer: (startedAt: number) => boolean,
): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    const socket: Socket = connect(port, '127.0.0.1')
    let startedAt = 0
    let received = ''
    const send = (): void => {
      const { body, deliveryId, signature } = nextDelivery()
      startedAt = performance.now()
      socket.write(
        `POST /webhooks/github HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nUser-Agent: GitHub-Hookshot/bench\r\nAccept: */*\r\n` +
          `Content-Type: application/json\r\nContent-Length: ${body.length}\r\nX-GitHub-Event: pull_request\r\n` +
          `X-GitHub-Delivery: ${deliveryId}\r\nX-Hub-Signature-256: ${signature}\r\n\r\n${body}`,
      )
    }
    socket.setNoDelay(true)
    socket.on('connect', send)
    socket.on('error', reject)
    socket.on('close', () => reject(new Error('the server closed the connection')))
    socket.on('data', (chunk: Buffer) => {
      received += chunk.toString('latin1')
      if (!isComplete(received)) return
      if (!received.startsWith('HTTP/1.1 2')) {
        socket.destroy()
        reject(new Error(`unexpected answer: ${received.slice(0, 200)}`))
        return
      }
      received = ''
      if (onAnswer(startedAt)) send()
      else {
        resolve()
        socket.destroy()
      }
    })
  })
}

function isComplete(answer: string): boolean {
  const headEnd = answer.indexOf('\r\n\r\n')
  if (headEnd < 0) return false
  const length = /\r\ncontent-length: (\d+)/i.exec(answer)
  if (length !== null) return answer.length >= headEnd + 4 + Number(length[1])
  if (/\r\ntransfer-encoding: chunked/i.test(answer)) return answer.endsWith('0\r\n\r\n')
  return true
}
