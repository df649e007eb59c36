import { type BodyValue, freeBody, initOfBody, isOneShotBody, isUsed, type OneShotBody } from '../body/body-kinds.ts'
import { readAhead } from '../body/read-ahead.ts'
import { type BodyFactory, bodyFactoryOf, madeBody } from '../body/replayable-body.ts'
import type { Clock } from '../time/clock.ts'
import { abortable } from '../timeout/abortable.ts'
import { type CallSignal, withTimer } from '../timeout/call-signal.ts'
import type { CallRecord } from './call-record.ts'
import type { ResolvedFetchOptions } from './fetch-options.ts'
import { bodyOf, type FetchArguments, headerOf } from './request-facts.ts'

/** A call, as far as the body of an attempt has to do with it. */
export interface SendingCall {
  readonly record: CallRecord
  readonly deadlineAtMs: number
  readonly callerSignal: AbortSignal | undefined
  readonly signal: CallSignal | undefined
  failedIn: 'token' | 'body' | undefined
}

/**
 * What each attempt of a call has of its own besides its signal: a body that is made or kept for it, headers that tell its
 * number and its time. Most calls have none of it.
 */
export class AttemptExtras {
  readonly #body: AttemptBody | undefined
  readonly #attemptHeader: string | undefined
  readonly #deadlineHeader: string | undefined
  #next: BodyValue | undefined

  constructor(body: AttemptBody | undefined, attemptHeader: string | undefined, deadlineHeader: string | undefined) {
    this.#body = body
    this.#attemptHeader = attemptHeader
    this.#deadlineHeader = deadlineHeader
  }

  /** Whether each attempt needs `makeBody` first. */
  get isMade(): boolean {
    return this.#body !== undefined
  }

  /** Whether the body can be sent again; nothing when that is for the arguments to say. */
  get isReplayable(): boolean | undefined {
    return this.#body?.isReplayable
  }

  get hasHeaders(): boolean {
    return this.#attemptHeader !== undefined || this.#deadlineHeader !== undefined
  }

  /**
   * Makes the body of an attempt, the next one unless `attempt` says otherwise.
   *
   * @throws what its factory throws, or the reason for which it is not waited for any longer.
   */
  async makeBody(
    call: SendingCall,
    clock: Clock,
    attempt: number = call.record.attempts.length + 1,
  ): Promise<BodyValue> {
    const signal = call.signal?.current ?? call.callerSignal ?? new AbortController().signal
    if (signal.aborted) throw signal.reason
    try {
      const made = this.#body?.make(attempt, signal)
      const limitMs = Math.max(0, call.deadlineAtMs - clock.monotonicMs())
      const onTimeout = (): unknown => call.signal?.timeOut()
      return madeBody(isPromise(made) ? await waitForBody(made, signal, clock, limitMs, onTimeout) : made)
    } catch (error) {
      if (!signal.aborted) call.failedIn = 'body'
      throw error
    }
  }

  /** Keeps a body for the attempt that is sent next. */
  keepBody(body: BodyValue | undefined): void {
    this.#next = body
  }

  /** The members of an `init` that send the body that was kept. */
  takeBody(): RequestInit | undefined {
    const body = this.#next
    this.#next = undefined
    return body === undefined ? undefined : initOfBody(body)
  }

  /** Frees a body that was kept and is not sent after all. */
  discard(): void {
    freeBody(this.#next)
  }

  /** Puts what there is to tell of an attempt into its headers. */
  withHeaders(headers: Headers, attempt: number, remainingMs: number): Headers {
    if (this.#attemptHeader !== undefined) headers.set(this.#attemptHeader, String(attempt))
    if (this.#deadlineHeader !== undefined) headers.set(this.#deadlineHeader, String(Math.floor(remainingMs)))
    return headers
  }
}

function waitForBody(
  body: Promise<BodyValue>,
  signal: AbortSignal,
  clock: Clock,
  limitMs: number,
  onTimeout: () => unknown,
): Promise<BodyValue> {
  return withTimer(clock, limitMs, onTimeout, () => abortable(body, signal)).catch((error: unknown) => {
    // What comes too late is not left open.
    if (signal.aborted) void body.then(freeBody, () => {})
    throw error
  })
}

/** What the attempts of a call have of their own, when they have anything. */
export function attemptExtrasOf(args: FetchArguments, options: ResolvedFetchOptions): AttemptExtras | undefined {
  const { retry, deadlineHeader } = options
  const attemptHeader = retry === false ? undefined : retry.attemptHeader
  const bufferBytes = retry === false ? 0 : retry.bufferBodyBytes
  const factory = bodyFactoryOf(args.init?.body)
  if (factory === undefined && bufferBytes === 0 && attemptHeader === undefined && deadlineHeader === undefined)
    return undefined
  return new AttemptExtras(
    factory === undefined ? bufferedBody(args, bufferBytes) : bodyMadeBy(factory),
    unlessSet(attemptHeader, args),
    unlessSet(deadlineHeader, args),
  )
}

function unlessSet(name: string | undefined, { input, init }: FetchArguments): string | undefined {
  return name === undefined || headerOf(input, init, name) !== undefined ? undefined : name
}

/** The source of the bodies of a call. */
interface AttemptBody {
  readonly isReplayable: boolean
  make(attempt: number, signal: AbortSignal): BodyValue | Promise<BodyValue>
}

function bufferedBody({ input, init }: FetchArguments, maxBytes: number): AttemptBody | undefined {
  if (maxBytes === 0) return undefined
  const body = bodyOf(input, init)
  // What was read is for `fetch` to refuse.
  if (!isOneShotBody(body) || isUsed(body)) return undefined
  return new BufferedBody(body, maxBytes)
}

function bodyMadeBy(make: BodyFactory): AttemptBody {
  return { isReplayable: true, make: (attempt, signal) => make({ attempt, signal }) }
}

/** A body that is read before the first attempt, and kept when it is short enough. */
class BufferedBody implements AttemptBody {
  readonly #body: OneShotBody
  readonly #maxBytes: number
  #bytes: Uint8Array<ArrayBuffer> | undefined

  constructor(body: OneShotBody, maxBytes: number) {
    this.#body = body
    this.#maxBytes = maxBytes
  }

  get isReplayable(): boolean {
    return this.#bytes !== undefined
  }

  make(_attempt: number, signal: AbortSignal): BodyValue | Promise<BodyValue> {
    return this.#bytes ?? this.#read(signal)
  }

  async #read(signal: AbortSignal): Promise<BodyValue> {
    const { result, cancel } = readAhead(this.#body, this.#maxBytes)
    const onAbort = (): void => cancel(signal.reason)
    signal.addEventListener('abort', onAbort, { once: true })
    try {
      const body = await result
      if (body instanceof Uint8Array) this.#bytes = body
      return body
    } finally {
      signal.removeEventListener('abort', onAbort)
    }
  }
}

function isPromise(value: BodyValue | Promise<BodyValue> | null | undefined): value is Promise<BodyValue> {
  return typeof value === 'object' && value !== null && 'then' in value
}
