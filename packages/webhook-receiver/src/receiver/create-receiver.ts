import { createEmitter, type IntegrationError } from '@holdfast/core'
import type { ReceiverEventMap } from '../events/receiver-event-map.ts'
import { createDoor } from './door.ts'
import { spentBody } from './read-body.ts'
import type { IncomingWebhook, Receiver, ReceiverOptions, WebhookReply } from './receiver.ts'
import { createLifecycle } from './receiver-lifecycle.ts'
import { resolveReceiverOptions } from './receiver-options.ts'
import { reportOutcome } from './report-outcome.ts'
import { requestPath } from './request-path.ts'
import type { ResolvedSource } from './source-options.ts'
import { VerificationRefusal } from './verification-refusal.ts'
import { internalRefusal, refusedReply, unknownSourceRefusal } from './webhook-reply.ts'

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

  const take = requestPath({
    buffer,
    hashes: resolved.hashes,
    now: () => clock.now(),
    isRunning: () => lifecycle.isRunning(),
    door: createDoor(resolved, clock, () => lifecycle.isBusy()),
  })

  const refuse = (source: ResolvedSource | undefined, error: IntegrationError, startedMs: number): WebhookReply => {
    counts.refused++
    const reply = refusedReply(error, source)
    if (events.has('webhook:refused')) {
      const durationMs = clock.monotonicMs() - startedMs
      const hint = error instanceof VerificationRefusal ? error.hint : undefined
      events.emit('webhook:refused', {
        source: source?.name ?? '',
        status: reply.status,
        error,
        durationMs,
        ...(hint === undefined ? {} : { hint }),
      })
    }
    return reply
  }

  const accept = async (name: string, incoming: IncomingWebhook): Promise<WebhookReply> => {
    const startedMs = clock.monotonicMs()
    const source = sources.get(name)
    if (source === undefined) return refuse(undefined, unknownSourceRefusal(name, sources), startedMs)
    try {
      const outcome = await take(source, incoming)
      if (outcome.kind === 'stored') {
        for (const { status } of outcome.results) counts[status === 'duplicate' ? 'duplicates' : 'accepted']++
      }
      reportOutcome(events, name, outcome, () => clock.monotonicMs() - startedMs)
      return outcome.reply
    } catch (error) {
      return refuse(source, internalRefusal(error, 500), startedMs)
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
    destination: lifecycle.destination,
    stop: lifecycle.stop,
    [Symbol.asyncDispose]: () => lifecycle.stop(),
  }
}
