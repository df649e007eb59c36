import type { AppendResult, EventBuffer, NewEvent } from '../buffer/event-buffer.ts'
import { notAHandshake } from '../handshake/handshake-refusals.ts'
import type { HashProvider } from '../verify/hash-provider.ts'
import { RequestReader } from '../verify/request-reader.ts'
import type { Verified } from '../verify/verify-result.ts'
import type { Door, Visit } from './door.ts'
import { eventsOf } from './events-of-request.ts'
import { withPartitionKeys } from './partition-key.ts'
import { readBody } from './read-body.ts'
import type { IncomingWebhook, WebhookReply } from './receiver.ts'
import type { ResolvedSource } from './source-options.ts'
import { VerificationRefusal } from './verification-refusal.ts'
import { acceptedReply, appendRefusal, methodRefusal, notRunningRefusal } from './webhook-reply.ts'

/** What became of a request that was not refused. */
export type Outcome =
  /** Its events are in the buffer, or were there; none where its batch was empty. */
  | {
      readonly kind: 'stored'
      readonly reply: WebhookReply
      readonly verified: Verified
      readonly events: readonly NewEvent[]
      readonly results: readonly AppendResult[]
      /** Name of the handshake that it also is. */
      readonly handshake?: string
    }
  /** It was a handshake and no event. */
  | { readonly kind: 'answered'; readonly reply: WebhookReply; readonly handshake: string }

/** What taking requests needs of the receiver. */
export interface RequestPathSetup {
  readonly buffer: EventBuffer
  readonly hashes: HashProvider
  /** Now, ms since the epoch. */
  readonly now: () => number
  readonly isRunning: () => boolean
  readonly door: Door
}

/** Takes a request in: read, verify, store. Throws or rejects with the refusal where that is not to be. */
export type RequestPath = (source: ResolvedSource, incoming: IncomingWebhook) => Promise<Outcome>

/** Prepares the way of a request from the first byte to the answer. */
export function requestPath({ buffer, hashes, now, isRunning, door }: RequestPathSetup): RequestPath {
  const append = async (events: readonly NewEvent[]): Promise<readonly AppendResult[]> => {
    if (events.length === 0) return []
    // Reading may have taken long; `append` refuses by itself once the buffer is closed.
    if (!isRunning()) throw notRunningRefusal()
    let results: readonly AppendResult[]
    try {
      results = await buffer.append(events)
    } catch (error) {
      throw appendRefusal(error)
    }
    if (results.length !== events.length) throw appendRefusal(undefined)
    return results
  }

  const takeIn = async (source: ResolvedSource, incoming: IncomingWebhook, visit: Visit): Promise<Outcome> => {
    const { method, headers, remoteAddress } = incoming
    const { name, webhook, handshakes, answerHandshake } = source
    const receivedAt = now()
    const body = await readBody(incoming.body, headers, source.maxBodyBytes, visit.hold)
    const turn = visit.turn()
    if (turn !== undefined) await turn
    const url = source.urlOf(incoming)
    const reader = new RequestReader({ headers, body, receivedAt, method, url })

    const early = handshakes.beforeVerification(reader)
    if (early !== undefined) {
      return { kind: 'answered', reply: await answerHandshake(early, reader, incoming), handshake: early.name }
    }
    if (!handshakes.verifies(method)) throw notAHandshake(method)
    // What is there at once is not awaited: each await puts the request behind all others.
    const judged = source.verifier.judge(reader)
    const verified = judged instanceof Promise ? await judged : judged
    if (!verified.ok) throw new VerificationRefusal(verified, { webhook, reader, toleranceMs: source.toleranceMs })
    reader.setClaims(verified.claims)
    const late = handshakes.afterVerification(reader)
    const answer = late && (await answerHandshake(late, reader, incoming, verified.keyIndex))
    if (late !== undefined && answer !== undefined && late.store !== true) {
      return { kind: 'answered', reply: answer, handshake: late.name }
    }
    if (late === undefined && method !== 'POST') throw notAHandshake(method)
    const making = eventsOf({ source: name, webhook, reader, verified, remoteAddress }, hashes)
    const brought = making instanceof Promise ? await making : making
    const events = withPartitionKeys(brought, source.partitionKey)
    const results = await append(events)
    const reply = answer ?? acceptedReply(webhook.ack, headers)
    return { kind: 'stored', reply, verified, events, results, ...(late && { handshake: late.name }) }
  }

  return (source, incoming) => {
    if (!source.handshakes.takes(incoming.method)) throw methodRefusal(incoming.method, source.handshakes.allow)
    if (!isRunning()) throw notRunningRefusal()
    const visit = door.enter()
    const outcome = takeIn(source, incoming, visit)
    outcome.then(visit.leave, visit.leave)
    return outcome
  }
}
