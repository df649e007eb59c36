import { createEmitter, IntegrationError } from '@holdfast/core'
import type { AppendResult, NewEvent } from '../buffer/event-buffer.ts'
import type { ReceiverEventMap } from '../events/receiver-event-map.ts'
import { eventIdentity } from '../verify/event-identity.ts'
import type { NotVerified } from '../verify/verify-result.ts'
import { readBody, spentBody } from './read-body.ts'
import type { IncomingWebhook, Receiver, ReceiverOptions, WebhookReply } from './receiver.ts'
import { createLifecycle } from './receiver-lifecycle.ts'
import { type ResolvedSource, resolveReceiverOptions } from './receiver-options.ts'
import {
  acceptedReply,
  appendRefusal,
  internalRefusal,
  methodRefusal,
  notRunningRefusal,
  refusedReply,
  unknownSourceRefusal,
} from './webhook-reply.ts'

/**
 * Makes the inbound half: it verifies webhooks, stores them durably, answers, and delivers them to its destinations in order.
 *
 * @throws InvalidOptionsError when an option is wrong; nothing has been opened then.
 */
export function createReceiver(options: ReceiverOptions): Receiver {
  const resolved = resolveReceiverOptions(options)
  const { buffer, sources, clock } = resolved
  const events = createEmitter<ReceiverEventMap>()
  const counts = { accepted: 0, duplicates: 0, refused: 0 }
  const lifecycle = createLifecycle(resolved, events)

  const store = async (source: ResolvedSource, incoming: IncomingWebhook): Promise<Stored> => {
    if (incoming.method !== 'POST') throw methodRefusal()
    if (!lifecycle.isRunning()) throw notRunningRefusal()
    const receivedAt = clock.now()
    const { method, url, headers, remoteAddress } = incoming
    const body = await readBody(incoming.body, headers, source.maxBodyBytes)
    const request = { headers, body, receivedAt, method, url }

    const verified = await source.verifier.verify(request)
    if (!verified.ok) throw verificationRefusal(verified)
    const identity = await eventIdentity(source.webhook, verified, request, resolved.hashes)
    const event: NewEvent = {
      ...identity,
      source: source.name,
      receivedAt,
      method,
      url,
      headers,
      body,
      ...(remoteAddress === undefined ? {} : { remoteAddress }),
    }
    // Reading may have taken long; `append` refuses by itself once the buffer is closed.
    if (!lifecycle.isRunning()) throw notRunningRefusal()
    const [result] = await buffer.append([event]).catch((error: unknown) => {
      throw appendRefusal(error)
    })
    if (result === undefined) throw appendRefusal(undefined)
    return { id: event.id, result }
  }

  const refuse = (source: string, error: IntegrationError, startedMs: number): WebhookReply => {
    counts.refused++
    if (events.has('webhook:refused')) {
      events.emit('webhook:refused', {
        source,
        status: error.status,
        error,
        durationMs: clock.monotonicMs() - startedMs,
      })
    }
    return refusedReply(error)
  }

  const accept = async (name: string, incoming: IncomingWebhook): Promise<WebhookReply> => {
    const startedMs = clock.monotonicMs()
    const source = sources.get(name)
    if (source === undefined) return refuse('', unknownSourceRefusal(), startedMs)
    try {
      const { id, result } = await store(source, incoming)
      const duplicate = result.status === 'duplicate'
      counts[duplicate ? 'duplicates' : 'accepted']++
      const moment = duplicate ? 'webhook:duplicate' : 'webhook:accepted'
      if (events.has(moment)) {
        const durationMs = clock.monotonicMs() - startedMs
        events.emit(moment, { source: name, id, position: result.position, durationMs })
      }
      return acceptedReply(source.ackStatus)
    } catch (error) {
      return refuse(name, internalRefusal(error, 500), startedMs)
    }
  }

  return {
    on: (event, listener) => events.on(event, listener),
    start: lifecycle.start,
    accept,
    async handle(source, request) {
      const { status, headers, body } = await accept(source, {
        method: request.method,
        url: request.url,
        headers: [...request.headers],
        body: request.bodyUsed ? spentBody : request.body,
      })
      return new Response(body === '' ? null : body, { status, headers })
    },
    snapshot: () => ({ ...counts, ...lifecycle.snapshot() }),
    drained: lifecycle.drained,
    drainOnce: lifecycle.drainOnce,
    stop: lifecycle.stop,
    [Symbol.asyncDispose]: () => lifecycle.stop(),
  }
}

interface Stored {
  readonly id: string
  readonly result: AppendResult
}

function verificationRefusal({ code, reason }: NotVerified): IntegrationError {
  return new IntegrationError({ code, reason, message: 'The webhook failed verification.' })
}
