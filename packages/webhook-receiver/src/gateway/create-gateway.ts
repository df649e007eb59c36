import { createEmitter, durationMs, IntegrationError, InvalidOptionsError } from '@holdfast/core'
import { spentBody } from '../receiver/read-body.ts'
import type { IncomingWebhook } from '../receiver/receiver.ts'
import { internalRefusal, notRunningRefusal, refusedReply } from '../receiver/webhook-reply.ts'
import type { Gateway, GatewayReply } from './gateway.ts'
import type { GatewayEventMap } from './gateway-event-map.ts'
import { type GatewayOptions, resolveGatewayOptions } from './gateway-options.ts'
import { GatewayRun } from './gateway-run.ts'
import { replyResponse } from './reply-response.ts'

const STOP_TIMEOUT_MS = 10_000

/**
 * - `created`: nothing is open. Left by `start`, or by `stop` for good.
 * - `starting`: the buffer is being opened. Becomes `running`; `created` again when that fails.
 * - `running`: takes requests. Left by `stop`.
 * - `stopped`: takes nothing more. Final.
 */
type Life =
  | { readonly state: 'created' }
  | { readonly state: 'starting'; readonly started: Promise<void> }
  | { readonly state: 'running'; readonly run: GatewayRun }
  | { readonly state: 'stopped'; readonly run: GatewayRun | undefined; readonly done: Promise<void> }

/**
 * Makes a gateway before a service: a proxy while the service is healthy, a durable buffer while it is not, and on recovery a drain
 * that delivers in order at a set rate while requests of other ordering keys pass straight through. One gateway at a time may use
 * a buffer.
 *
 * @throws InvalidOptionsError when an option is wrong; nothing has been opened then.
 */
export function createGateway(options: GatewayOptions): Gateway {
  const resolved = resolveGatewayOptions(options)
  const { clock } = resolved
  const events = createEmitter<GatewayEventMap>()
  let life: Life = { state: 'created' }
  let refused = 0

  const start = async (): Promise<void> => {
    if (life.state === 'stopped') throw stoppedError()
    if (life.state === 'running') return
    if (life.state === 'created') {
      const started = GatewayRun.open(resolved, events).then(
        (run) => {
          life = { state: 'running', run }
        },
        (error: unknown) => {
          life = { state: 'created' }
          throw error
        },
      )
      life = { state: 'starting', started }
    }
    await life.started
  }

  const stop: Gateway['stop'] = async ({ timeoutMs = STOP_TIMEOUT_MS } = {}) => {
    const wrong = durationMs()(timeoutMs)
    if (wrong !== undefined) throw new InvalidOptionsError({ path: 'timeoutMs', expected: wrong, received: timeoutMs })
    // A start that fails has nothing to stop, and has told its own caller.
    if (life.state === 'starting') await life.started.catch(() => {})
    if (life.state !== 'stopped') {
      const run = life.state === 'running' ? life.run : undefined
      life = { state: 'stopped', run, done: run?.close(timeoutMs) ?? Promise.resolve() }
    }
    await (life as Extract<Life, { state: 'stopped' }>).done
  }

  const refuse = (cause: unknown, startedMs: number): GatewayReply => {
    const error = internalRefusal(cause, 500)
    refused++
    if (events.has('gateway:refused')) {
      const durationMs = clock.monotonicMs() - startedMs
      events.emit('gateway:refused', { status: error.status ?? 500, error, durationMs })
    }
    const { status, headers, body } = refusedReply(error)
    return { status, headers: Object.entries(headers), body: new TextEncoder().encode(body) }
  }

  const accept = async (incoming: IncomingWebhook): Promise<GatewayReply> => {
    const startedMs = clock.monotonicMs()
    try {
      if (life.state !== 'running') throw notRunningRefusal()
      return await life.run.take(incoming, startedMs)
    } catch (error) {
      return refuse(error, startedMs)
    }
  }

  const runOf = (): GatewayRun | undefined => ('run' in life ? life.run : undefined)

  const requireRun = (): GatewayRun => {
    if (life.state === 'running') return life.run
    throw new IntegrationError({
      code: 'configuration_error',
      reason: 'gateway_not_running',
      message: 'The gateway is not running. Call `start` first.',
      phase: 'local',
    })
  }

  return {
    on: (event, listener) => events.on(event, listener),
    start,
    stop,
    accept,
    async handle(request) {
      const body = request.bodyUsed ? spentBody : request.body
      return replyResponse(
        await accept({ method: request.method, url: request.url, headers: [...request.headers], body }),
      )
    },
    hold: () => requireRun().hold(true),
    release: () => requireRun().hold(false),
    snapshot() {
      const run = runOf()
      return {
        state: life.state === 'starting' ? 'created' : life.state,
        mode: run?.mode ?? 'buffer',
        healthy: run?.isHealthy ?? false,
        probeError: run?.probeError,
        held: run?.isHeld ?? false,
        backlog: run?.backlog ?? 0,
        forwarded: run?.counts.forwarded ?? 0,
        captured: run?.counts.captured ?? 0,
        delivered: run?.counts.delivered ?? 0,
        deadLettered: run?.counts.deadLettered ?? 0,
        refused,
      }
    },
    async drained({ signal } = {}) {
      signal?.throwIfAborted()
      await requireRun().drained(signal)
    },
    [Symbol.asyncDispose]: () => stop(),
  }
}

function stoppedError(): IntegrationError {
  return new IntegrationError({
    code: 'configuration_error',
    reason: 'gateway_stopped',
    message: 'The gateway was stopped and cannot be started again. Create another one.',
    phase: 'local',
  })
}
