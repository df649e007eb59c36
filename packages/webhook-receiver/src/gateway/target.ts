import { classifyFailure, classifyResponse, IntegrationError } from '@holdfast/core'
import { fetchForwarder } from './fetch-forwarder.ts'
import type { ForwardedRequest, Forwarder, TargetReply } from './forwarder.ts'
import type { ResolvedGatewayOptions } from './gateway-options.ts'
import { nodeForwarder } from './node-forwarder.ts'
import { timeLimit } from './time-limit.ts'

/** The service behind a gateway. */
export interface Target {
  /**
   * Sends a request, and tells the observer what became of it.
   *
   * @throws IntegrationError `timeout` after the target's time; what the transport throws; the signal's reason.
   */
  send(request: ForwardedRequest, signal?: AbortSignal): Promise<TargetReply>
  /** Asks with a GET of `path`. Resolves with why that failed: no answer, or one that is no 2xx. Never rejects. */
  probe(path: string, signal: AbortSignal): Promise<IntegrationError | undefined>
  /** Whether an answer says that the target cannot take requests now. */
  isUnavailable(reply: TargetReply): boolean
  close(): void
}

/** Makes the target of a gateway. `observe` hears of every request but the probes. */
export function createTarget(
  { target, fetch, timeoutMs, captureStatuses, clock }: ResolvedGatewayOptions,
  observe: (success: boolean) => void,
): Target {
  const forwarder: Forwarder =
    (fetch === undefined ? nodeForwarder(target) : undefined) ?? fetchForwarder(target, fetch ?? globalThis.fetch)
  const isUnavailable = ({ status }: TargetReply): boolean => captureStatuses.has(status)

  return {
    async send(request, signal) {
      const limit = timeLimit(clock, timeoutMs, () => timeoutError(timeoutMs), signal)
      try {
        const reply = await forwarder.forward(request, limit.signal)
        observe(!isUnavailable(reply))
        return reply
      } catch (error) {
        // Whoever breaks it off says nothing of the target.
        if (signal?.aborted === true) throw signal.reason
        observe(false)
        throw limit.signal.aborted ? limit.signal.reason : error
      } finally {
        limit.end()
      }
    },
    async probe(path, signal) {
      try {
        const reply = await forwarder.forward({ method: 'GET', url: path, headers: [], body: nothing }, signal)
        reply.discard()
        return reply.status >= 200 && reply.status < 300 ? undefined : probeRefusal(reply.status, clock.now())
      } catch (error) {
        return new IntegrationError(classifyFailure(signal.aborted ? signal.reason : error))
      }
    },
    isUnavailable,
    close: () => forwarder.close(),
  }
}

const nothing = new Uint8Array(0)

function probeRefusal(status: number, now: number): IntegrationError {
  return new IntegrationError({
    code: 'upstream_error',
    ...classifyResponse({ status, headers: new Headers(), now }),
    message: `The probe was answered with ${status}.`,
    upstream: { status },
  })
}

function timeoutError(timeoutMs: number): IntegrationError {
  return new IntegrationError({
    code: 'timeout',
    reason: 'attempt',
    message: `The target did not answer within ${timeoutMs} ms.`,
  })
}
