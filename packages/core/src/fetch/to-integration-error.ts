import type { Connector } from '../connectors/connector.ts'
import { classifyFailure } from '../errors/classify-failure.ts'
import { classifyResponse } from '../errors/classify-response.ts'
import {
  bodyOf,
  type ClientAnswer,
  type ClientFailure,
  type ClientVerdict,
  headersOf,
  type ReadClientFailure,
  readGenericFailure,
} from '../errors/client-failure.ts'
import { errorCodes } from '../errors/codes.ts'
import { IntegrationError, type IntegrationErrorInit, isIntegrationError } from '../errors/integration-error.ts'
import { systemClock } from '../time/system-clock.ts'
import { explain } from './explain.ts'

const MAX_DEPTH = 10

/** What is known beside the error. */
export interface ToIntegrationErrorOptions {
  /** The provider. Its rules come first. */
  readonly connector?: Connector
  /** Whose account; it is noted in the error. */
  readonly connection?: string
  /** The signal that was given to the call: tells a deadline of `AbortSignal.timeout()` from a decision to stop. */
  readonly signal?: AbortSignal | null
}

/** How the errors of one client library are read. */
export interface ClientErrorOptions extends ToIntegrationErrorOptions {
  /** Reads the library's errors. What it does not know is read as whatever has a status and headers. */
  readonly read?: ReadClientFailure
  /** The provider that the library is for. Rules of `connector` come before its rules. */
  readonly provider?: Connector
}

/**
 * The `IntegrationError` that describes what a client library threw: `fetch`, undici and `node:http` as they are, any other
 * with a reader, which is what the adapters of clients bring. An `IntegrationError` is returned as it is. What nothing
 * matches is `unknown`. Never throws, whatever it is given.
 *
 * The error and its causes are looked at, outermost first. An answer decides over the library's own words. The error of a
 * library that ran over `createFetch` carries the attempts, and what that connector said of it.
 */
export function toIntegrationError(error: unknown, options: ClientErrorOptions = {}): IntegrationError {
  if (safely(() => isIntegrationError(error))) return error as IntegrationError
  const chain = chainOf(error)
  const failure = firstOf(chain, options.read) ?? firstOf(chain, readGenericFailure) ?? {}
  const known = [failure.answer?.response, ...chain].map((link) => safely(() => explain(link)?.error)).find(isDefined)
  const connector = withProvider(options)
  return new IntegrationError({
    at: systemClock.now(),
    ...(connector === undefined ? {} : { integration: connector.id }),
    ...connectionOf(options, known),
    ...(failure.endpoint === undefined ? {} : { endpoint: failure.endpoint }),
    ...(known !== undefined && knowsMore(known, failure, options)
      ? classifyFailure(known)
      : { ...callFactsOf(known), ...describe(error, failure, connector, options.signal) }),
    cause: error,
  })
}

/** Whether what `createFetch` said of the call stands: it saw the failure itself, and judged answers by a connector. */
function knowsMore(known: IntegrationError, { answer, verdict }: ClientFailure, options: ClientErrorOptions): boolean {
  if (answer !== undefined) return known.integration !== undefined && options.connector === undefined
  // It saw an abort; the library knows that its own time limit was the reason.
  return known.code !== 'canceled' || verdict === undefined
}

/** Whose account it was: as the caller says, else as `createFetch` knew. */
function connectionOf(options: ClientErrorOptions, known: IntegrationError | undefined): { connection?: string } {
  const connection = options.connection ?? known?.connection
  return connection === undefined ? {} : { connection }
}

function callFactsOf(known: IntegrationError | undefined): Partial<IntegrationErrorInit> {
  if (known === undefined) return {}
  const { attempts, endpoint, idempotencyKey } = known
  return {
    attempts,
    ...(endpoint === undefined ? {} : { endpoint }),
    ...(idempotencyKey === undefined ? {} : { idempotencyKey }),
  }
}

function withProvider({ connector, provider }: ClientErrorOptions): Connector | undefined {
  if (connector === undefined || provider === undefined) return connector ?? provider
  return { ...connector, errors: [...(connector.errors ?? []), ...(provider.errors ?? [])] }
}

function describe(
  error: unknown,
  failure: ClientFailure,
  connector: Connector | undefined,
  signal: AbortSignal | null | undefined,
): IntegrationErrorInit {
  const { answer, verdict, otherwise } = failure
  const ofAnswer = answer === undefined ? undefined : classifyAnswer(answer, connector)
  if (ofAnswer !== undefined) return ofAnswer
  if (verdict !== undefined) return fromVerdict(isDeadline(verdict, signal) ? totalTimeout : verdict)
  const native = classifyFailure(failure.cause ?? error, {
    signal: signal ?? null,
    ...(answer === undefined ? {} : { status: answer.status }),
  })
  if (isDeadline(native, signal))
    return fromVerdict({ ...totalTimeout, ...(answer === undefined ? {} : { phase: 'body', delivery: 'answered' }) })
  if (native.code !== 'unknown') return native
  if (answer !== undefined) return ofStatus(answer.status)
  return otherwise === undefined ? native : fromVerdict(otherwise)
}

function classifyAnswer(answer: ClientAnswer, connector: Connector | undefined): IntegrationErrorInit | undefined {
  const { status, headers, body } = answer
  const facts = { status, headers: headersOf(headers), body: bodyOf(body), now: systemClock.now() }
  return classifyResponse(facts, connector)
}

/** A client may throw for what is no failure by itself: a redirect that it was told not to follow, a 304. */
function ofStatus(status: number): IntegrationErrorInit {
  const redirect = status >= 300 && status < 400 && status !== 304
  return {
    ...fromVerdict({
      code: redirect ? 'configuration_error' : 'unknown',
      ...(redirect ? { reason: 'redirect' } : status === 304 ? { reason: 'not_modified' } : {}),
      delivery: 'answered',
    }),
    upstream: { status },
  }
}

const totalTimeout: ClientVerdict = { code: 'timeout', reason: 'total', phase: 'headers', delivery: 'unknown' }

/** Most clients report every abort alike. The reason of the signal tells whose decision it was. */
function isDeadline({ code }: Pick<ClientVerdict, 'code'>, signal: AbortSignal | null | undefined): boolean {
  if (code !== 'canceled' || !signal?.aborted) return false
  return safely(() => (signal.reason as Error).name) === 'TimeoutError'
}

function fromVerdict(verdict: ClientVerdict): IntegrationErrorInit {
  const details = [verdict.reason, verdict.upstream?.code].filter(isDefined)
  const meaning = errorCodes[verdict.code].meaning
  return {
    ...verdict,
    message: details.length === 0 ? meaning : `${meaning.slice(0, -1)} (${details.join(', ')}).`,
  }
}

function chainOf(error: unknown): readonly object[] {
  const chain: object[] = []
  for (let link = error; isObject(link) && chain.length <= MAX_DEPTH && !chain.includes(link); link = causeOf(link))
    chain.push(link)
  return chain
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null
}

function causeOf(link: object): unknown {
  return safely(() => (link as { readonly cause?: unknown }).cause)
}

function firstOf(chain: readonly object[], read: ReadClientFailure | undefined): ClientFailure | undefined {
  if (read === undefined) return undefined
  for (const link of chain) {
    const failure = safely(() => read(link))
    if (failure !== undefined) return failure
  }
  return undefined
}

/** What was thrown can have getters and traps that throw. */
function safely<T>(read: () => T): T | undefined {
  try {
    return read()
  } catch {
    return undefined
  }
}

function isDefined<T>(value: T | undefined): value is T {
  return value !== undefined
}
