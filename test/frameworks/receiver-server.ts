import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { buffer } from 'node:stream/consumers'
import { IntegrationError } from '@holdfast/core'
import type { IncomingWebhook } from '@holdfast/webhook-receiver'
import type { WebhookIntake } from '@holdfast/webhook-receiver/testing'
import type { Failure, Head, Step } from './receiver-protocol.ts'

/** The side of a `remoteReceiver` where the receiver is. */
export interface ReceiverServer {
  readonly url: string
  /** The receiver that gets what comes from now on. */
  use(receiver: WebhookIntake): void
  close(): Promise<void>
}

/** A request that is being handed over. */
interface Delivery {
  /** Hands on a piece of the body; `undefined`: its end. Resolves when the next one is wanted, or with the reply. */
  push(piece: Uint8Array | Error | undefined): Promise<Step>
  /** The same for the head. */
  readonly begun: Promise<Step>
}

/** Starts the server on a port of its own. */
export async function startReceiverServer(): Promise<ReceiverServer> {
  const deliveries = new Map<string, Delivery>()
  let receiver: WebhookIntake | undefined

  const server = createServer(async (request, response) => {
    const body = await buffer(request)
    const known = deliveries.get(request.url ?? '')
    const moment = request.headers['x-moment']
    let step: Step
    if (known === undefined) {
      const { source, ...head } = JSON.parse(body.toString()) as Head
      if (receiver === undefined) throw new Error('there is no receiver')
      const delivery = deliver(receiver, source, head)
      step = await delivery.begun
      deliveries.set(step.id, delivery)
    } else if (moment === 'failure') step = await known.push(errorOf(JSON.parse(body.toString()) as Failure))
    else step = await known.push(moment === 'end' ? undefined : body)
    if (step.reply !== undefined) deliveries.delete(step.id)
    response.setHeader('content-type', 'application/json').end(JSON.stringify(step))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    use(next) {
      receiver = next
    },
    async close() {
      server.closeAllConnections()
      server.close()
    },
  }
}

function deliver(receiver: WebhookIntake, source: string, { body: kind, ...head }: Omit<Head, 'source'>): Delivery {
  const id = `/${randomUUID()}`
  let answer: (step: Step) => void = () => {}
  let next: (piece: Uint8Array | Error | undefined) => void = () => {}
  const reached = new Promise<Step>((resolve) => {
    answer = resolve
  })

  const wanted = (): Promise<Uint8Array | Error | undefined> => {
    const piece = new Promise<Uint8Array | Error | undefined>((resolve) => {
      next = resolve
    })
    answer({ id })
    return piece
  }

  async function* stream(): AsyncGenerator<Uint8Array> {
    for (;;) {
      const piece = await wanted()
      if (piece === undefined) return
      if (piece instanceof Error) throw piece
      yield piece
    }
  }

  const bodyOf = async (): Promise<IncomingWebhook['body']> => {
    if (kind !== 'whole') return kind === 'none' ? null : stream()
    return ((await wanted()) as Uint8Array | undefined) ?? null
  }

  void bodyOf()
    .then((body) => receiver.accept(source, { ...head, body }))
    .then((reply) => answer({ id, reply }))

  return {
    begun: reached,
    push: (piece) =>
      new Promise((resolve) => {
        answer = resolve
        next(piece)
      }),
  }
}

function errorOf({ name, init, message }: Failure): Error {
  return init === undefined ? new Error(message) : Object.assign(new IntegrationError(init), { name })
}
