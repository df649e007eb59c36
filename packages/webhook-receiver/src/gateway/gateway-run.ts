import { type Emitter, IntegrationError } from '@holdfast/core'
import type { Consumer, NewEvent } from '../buffer/event-buffer.ts'
import { untilAborted } from '../buffer-kit/until-aborted.ts'
import { ignoreRejection } from '../receiver/ignore-rejection.ts'
import { readBody } from '../receiver/read-body.ts'
import type { IncomingWebhook } from '../receiver/receiver.ts'
import type { WebhookEvent } from '../receiver/webhook-event.ts'
import { acceptedReply, appendRefusal } from '../receiver/webhook-reply.ts'
import { type Backlog, createBacklog } from './backlog.ts'
import { capturedRequest, GATEWAY_NAME, gatewayRequest } from './captured-request.ts'
import { checkRequest } from './check-request.ts'
import type { TargetReply } from './forwarder.ts'
import type { GatewayReply } from './gateway.ts'
import { createGatewayDrain, type GatewayDrain } from './gateway-drain.ts'
import type { CaptureReason, GatewayEventMap, ModeChangeCause } from './gateway-event-map.ts'
import { type GatewayMode, gatewayMode } from './gateway-mode.ts'
import type { GatewayRequest, ResolvedGatewayOptions } from './gateway-options.ts'
import { createHealthMonitor, type HealthMonitor } from './health-monitor.ts'
import { createMemoryGuard } from './memory-guard.ts'
import { createTarget, type Target } from './target.ts'

const RETRY_AFTER_MS = 5_000

/** What happened since the start. */
export interface GatewayCounts {
  forwarded: number
  captured: number
  delivered: number
  deadLettered: number
}

/** A gateway between `start` and `stop`: its buffer is open, its target is watched. */
export class GatewayRun {
  readonly counts: GatewayCounts = { forwarded: 0, captured: 0, delivered: 0, deadLettered: 0 }
  readonly #options: ResolvedGatewayOptions
  readonly #events: Emitter<GatewayEventMap>
  readonly #memory: ReturnType<typeof createMemoryGuard>
  readonly #target: Target
  readonly #monitor: HealthMonitor
  readonly #backlog: Backlog
  readonly #drain: GatewayDrain
  readonly #unsubscribe: readonly (() => void)[]
  readonly #emptied = new Set<() => void>()
  readonly #stopping = new AbortController()
  /** `undefined` until the first probe has told which it is. */
  #mode: GatewayMode | undefined
  #isHeld = false
  #underWay = 0
  #onQuiet: (() => void) | undefined

  private constructor(
    options: ResolvedGatewayOptions,
    events: Emitter<GatewayEventMap>,
    consumer: Consumer,
    inherited: number,
  ) {
    this.#options = options
    this.#events = events
    this.#memory = createMemoryGuard(options.maxInFlightBytes)
    this.#backlog = createBacklog(options.buffer, inherited, options.maxTrackedKeys)
    this.#target = createTarget(options, (success) => this.#monitor.live(success))
    this.#monitor = createHealthMonitor({
      health: options.health,
      clock: options.clock,
      probe: (signal) => this.#target.probe(options.health.path, signal),
      onFailure: (error, durationMs) => events.emit('gateway:probe-failed', { error, durationMs }),
      onChange: (_, cause) => this.#mode !== undefined && this.#settleMode(cause),
    })
    this.#drain = createGatewayDrain({
      options,
      consumer,
      target: this.#target,
      events,
      keyOf: (event) => this.#keyOf(event),
      onDelivery: (event) => this.#backlog.delivering(event, this.#keyOf(event)),
    })
    this.#unsubscribe = [
      events.on('delivery:succeeded', ({ id }) => this.#done(id, 'delivered')),
      events.on('delivery:dead-lettered', ({ id }) => this.#done(id, 'deadLettered')),
      events.on('drain:idle', () => {
        this.#backlog.inheritanceIsDone()
        this.#settleMode('drained')
        if (this.#backlog.size > 0) void this.#forgetLost()
      }),
    ]
  }

  async #forgetLost(): Promise<void> {
    try {
      await this.#backlog.forgetLost()
      this.#settleMode('drained')
    } catch {
      // The next time that nothing is left tries again.
    }
  }

  /** Opens the buffer, probes the target, and begins to deliver what is there. */
  static async open(options: ResolvedGatewayOptions, events: Emitter<GatewayEventMap>): Promise<GatewayRun> {
    const { buffer } = options
    const report = await buffer.open()
    events.emit('buffer:opened', report)
    for (const hole of report.holes) events.emit('buffer:lost', hole)
    try {
      const consumer = await buffer.openConsumer(GATEWAY_NAME)
      const { consumers } = await buffer.stats()
      const inherited = consumers.find(({ name }) => name === GATEWAY_NAME)?.backlog ?? 0
      const run = new GatewayRun(options, events, consumer, inherited)
      await run.#monitor.start()
      run.#settleMode('started')
      return run
    } catch (error) {
      // Why it failed is worth more than that closing failed as well.
      await buffer.close().catch(() => {})
      throw error
    }
  }

  get mode(): GatewayMode {
    return gatewayMode(this.isHealthy && !this.#isHeld, this.#backlog.size)
  }

  get isHealthy(): boolean {
    return this.#monitor.healthy
  }

  get probeError(): IntegrationError | undefined {
    return this.#monitor.probeError
  }

  get isHeld(): boolean {
    return this.#isHeld
  }

  get backlog(): number {
    return this.#backlog.size
  }

  hold(isHeld: boolean): void {
    this.#isHeld = isHeld
    this.#settleMode(isHeld ? 'held' : 'released')
  }

  /**
   * Answers a request from the target or from the buffer.
   *
   * @throws IntegrationError when it can be neither passed on nor stored.
   */
  async take(incoming: IncomingWebhook, startedMs: number): Promise<GatewayReply> {
    checkRequest(incoming)
    const share = this.#memory.reserve(incoming.headers)
    this.#underWay++
    try {
      const body = await readBody(incoming.body, incoming.headers, this.#options.maxBodyBytes, share.hold)
      share.settle(body.byteLength)
      const event = capturedRequest(incoming, body, this.#options)
      return await this.#route(event, startedMs)
    } finally {
      share.release()
      this.#underWay--
      if (this.#underWay === 0) this.#onQuiet?.()
    }
  }

  /** Resolves when nothing waits. */
  async drained(signal: AbortSignal | undefined): Promise<void> {
    while (this.#backlog.size > 0) {
      let resolve = (): void => {}
      const emptied = new Promise<void>((settle) => {
        resolve = settle
      })
      this.#emptied.add(resolve)
      try {
        await untilAborted(untilAborted(emptied, this.#stopping.signal), signal)
      } finally {
        this.#emptied.delete(resolve)
        // So that nothing stays at the signals.
        resolve()
      }
    }
  }

  /** Lets what is under way finish for up to `timeoutMs`, and closes everything. */
  async close(timeoutMs: number): Promise<void> {
    this.#monitor.stop()
    this.#stopping.abort(stoppedError())
    await Promise.all([this.#quiet(timeoutMs), this.#drain.stop(timeoutMs)])
    for (const unsubscribe of this.#unsubscribe) unsubscribe()
    this.#target.close()
    await this.#options.buffer.close()
  }

  async #route(event: NewEvent, startedMs: number): Promise<GatewayReply> {
    if (!this.#options.captureMethods.has(event.method)) return this.#forwardOnly(event, startedMs)
    const key = this.#keyOf(gatewayRequest(event))
    if (this.mode === 'buffer') return this.#capture(event, key, 'target_unhealthy', startedMs)
    if (this.#backlog.has(key)) return this.#capture(event, key, 'key_waiting', startedMs)
    const reply = await this.#tryForward(event, startedMs)
    return reply ?? this.#capture(event, key, 'target_failed', startedMs)
  }

  /** For what is not worth keeping: whoever asks a question waits for the answer. */
  async #forwardOnly(event: NewEvent, startedMs: number): Promise<GatewayReply> {
    const reply = this.mode === 'buffer' ? undefined : await this.#tryForward(event, startedMs)
    if (reply !== undefined) return reply
    throw new IntegrationError({
      code: 'upstream_unavailable',
      reason: 'target_unavailable',
      message: 'The target cannot answer now, and a request with this method is not stored.',
      status: 503,
      retryAfterMs: RETRY_AFTER_MS,
    })
  }

  async #tryForward(event: NewEvent, startedMs: number): Promise<TargetReply | undefined> {
    let reply: TargetReply
    try {
      reply = await this.#target.send(event)
    } catch {
      return undefined
    }
    if (this.#target.isUnavailable(reply)) {
      reply.discard()
      return undefined
    }
    this.counts.forwarded++
    if (this.#events.has('gateway:forwarded'))
      this.#events.emit('gateway:forwarded', { status: reply.status, durationMs: this.#since(startedMs) })
    return reply
  }

  async #capture(
    event: NewEvent,
    key: string | undefined,
    reason: CaptureReason,
    startedMs: number,
  ): Promise<GatewayReply> {
    // A buffer keeps order within a partition, which the key of an event chooses.
    const storing = this.#backlog.store(key === undefined ? event : { ...event, key }, key)
    this.#settleMode('captured')
    const { position } = await storing.catch((error: unknown) => {
      this.#settleMode('drained')
      throw appendRefusal(error)
    })
    this.counts.captured++
    if (this.#events.has('gateway:captured'))
      this.#events.emit('gateway:captured', { id: event.id, position, reason, durationMs: this.#since(startedMs) })
    const { status, headers, body } = acceptedReply({ status: this.#options.captureStatus })
    return { status, headers: Object.entries(headers), body: body === '' ? null : new TextEncoder().encode(body) }
  }

  #keyOf(request: GatewayRequest | WebhookEvent): string | undefined {
    const { orderingKey } = this.#options
    if (orderingKey === undefined) return ''
    const key: unknown = orderingKey(request) ?? undefined
    if (key === undefined || typeof key === 'string') return key
    ignoreRejection(key)
    throw new IntegrationError({
      code: 'configuration_error',
      reason: 'ordering_key',
      message: `\`orderingKey\` must return a string, \`undefined\` or \`null\`; it returned a value of type ${typeof key}.`,
    })
  }

  #done(id: string, count: 'delivered' | 'deadLettered'): void {
    this.counts[count]++
    this.#backlog.done(id)
    this.#settleMode('drained')
  }

  #settleMode(cause: ModeChangeCause): void {
    const { mode } = this
    const backlog = this.#backlog.size
    if (backlog === 0) for (const resolve of this.#emptied) resolve()
    if (mode === this.#mode || this.#stopping.signal.aborted) return
    const from = this.#mode
    this.#mode = mode
    this.#drain.run(mode === 'drain')
    this.#events.emit('gateway:mode-changed', { from, to: mode, cause, backlog })
  }

  #since(startedMs: number): number {
    return this.#options.clock.monotonicMs() - startedMs
  }

  #quiet(timeoutMs: number): Promise<void> {
    if (this.#underWay === 0) return Promise.resolve()
    return new Promise((resolve) => {
      const cancel = this.#options.clock.schedule(timeoutMs, resolve)
      this.#onQuiet = () => {
        cancel()
        resolve()
      }
    })
  }
}

function stoppedError(): IntegrationError {
  return new IntegrationError({ code: 'canceled', reason: 'gateway_stopped', message: 'The gateway has stopped.' })
}
