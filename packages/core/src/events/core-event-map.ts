import type { ErrorCode } from '../errors/codes.ts'
import type { BaseEventMap } from './emitter.ts'

/** Whose traffic an event is about. */
export interface ScopeEvent {
  /** Connector id, where `createFetch` was given a connector. */
  readonly integration?: string
  /** The `connection` option, where one was given. */
  readonly connection?: string
  /** Host and, where it is not the default, port. */
  readonly host: string
}

/** What every event of one call carries. */
export interface CallEvent extends ScopeEvent {
  /** Counts the calls of one `createFetch` function, from 1. */
  readonly callId: number
  readonly method: string
  /** Milliseconds since the call began, on the monotonic clock. */
  readonly elapsedMs: number
}

/** How a failure was classified. */
export interface FailureFacts {
  readonly code: ErrorCode
  readonly reason?: string
  /** HTTP status, when there was an answer. */
  readonly status?: number
}

export interface AttemptFailedEvent extends CallEvent, FailureFacts {
  /** 1 for the first attempt. */
  readonly attempt: number
  readonly durationMs: number
}

/** Why a failure was not, or not any more, retried. */
export type RetryStop =
  /** Repeating cannot help: the taxonomy says `never`, or asks for something else first. */
  | 'not_retryable'
  /** The request may have been executed, and the method is neither idempotent nor keyed. */
  | 'unsafe'
  /** The body is a stream or belongs to a Request, and can be sent only once. */
  | 'body_not_replayable'
  /** The server said so with `x-should-retry: false` or `stripe-should-retry: false`. */
  | 'server_veto'
  /** `maxAttempts` were made. */
  | 'max_attempts'
  /** The wait would not end before the deadline, or is longer than `rateLimit.maxWaitMs` or an hour. */
  | 'deadline'
  /** The circuit opened meanwhile, so that a retry would be refused. */
  | 'circuit_open'
  /** Too many retries to this host already. */
  | 'budget'
  /** `rateLimit.onLimit` is `surface` or `fail`. */
  | 'surfaced'

export interface RetryScheduledEvent extends CallEvent, FailureFacts {
  /** The attempt that follows: 2 or more. */
  readonly attempt: number
  /** How long is waited before it, in milliseconds. */
  readonly delayMs: number
  /** What the server asked for, in milliseconds. */
  readonly serverWaitMs?: number
}

export interface RetryExhaustedEvent extends CallEvent, FailureFacts {
  /** Attempts made. */
  readonly attempts: number
  readonly stop: RetryStop
}

export interface HedgeSentEvent extends CallEvent {
  /** The attempt that is sent: 2 or more. */
  readonly attempt: number
  /** How long the one before had no answer, in milliseconds. */
  readonly delayMs: number
}

export interface HedgeWonEvent extends CallEvent {
  readonly attempt: number
}

export interface LimitPausedEvent extends ScopeEvent {
  /** How long no call to this host starts, in milliseconds from now. */
  readonly pauseMs: number
  readonly status?: number
}

export interface WaitingEvent extends CallEvent {
  /** Expected wait in milliseconds. */
  readonly waitMs: number
}

export interface ReleasedEvent extends CallEvent {
  /** How long was waited, in milliseconds. */
  readonly waitedMs: number
}

export interface QueuedEvent extends CallEvent {
  /** Calls waiting for a slot, this one included. */
  readonly queued: number
}

export interface CircuitEvent extends ScopeEvent {
  /** The group of endpoints; absent for what belongs to no group. */
  readonly group?: string
}

export interface CircuitOpenedEvent extends CircuitEvent {
  /** How long calls are refused, in milliseconds. */
  readonly breakMs: number
  /** Too many calls failed, or too many were slow. */
  readonly reason: 'failures' | 'slow_calls'
  /** The failure that tipped the balance, where it was one. */
  readonly code?: ErrorCode
  /** Whether another process found the host down, and this one was told through the `state` store. */
  readonly shared?: true
}

export interface CallRefusedEvent extends CallEvent {
  readonly code: ErrorCode
  readonly reason?: string
  readonly retryAfterMs?: number
}

export interface CallFinishedEvent extends CallEvent {
  /** A response came, an error was thrown, or Holdfast refused to send. */
  readonly outcome: 'response' | 'error' | 'refused'
  /** Attempts made; 0 when nothing was sent. */
  readonly attempts: number
  readonly status?: number
  /** Absent when the call succeeded. */
  readonly code?: ErrorCode
  readonly reason?: string
}

/** The `state` store was of no use. */
export interface StateFailedEvent extends Pick<ScopeEvent, 'integration' | 'connection'> {
  readonly code: ErrorCode
  readonly reason?: string
}

/** The `state` store works again. */
export type StateRecoveredEvent = Pick<ScopeEvent, 'integration' | 'connection'>

/** Everything that a function made by `createFetch` reports. Listeners run synchronously, before the call goes on. */
export interface CoreEventMap extends BaseEventMap {
  /** Once per call, before anything else happens to it. */
  'call:started': CallEvent
  /** Once per call, just before its promise settles. */
  'call:finished': CallFinishedEvent
  /** When Holdfast itself refuses to send, before `call:finished`. */
  'call:refused': CallRefusedEvent
  /** After each attempt that failed, whether it is retried or not. */
  'attempt:failed': AttemptFailedEvent
  /** When a retry was decided, before its wait. */
  'retry:scheduled': RetryScheduledEvent
  /** When a failed call is not, or not any more, retried. At most once per call; never for an abort by the caller. */
  'retry:exhausted': RetryExhaustedEvent
  /** When another attempt is sent beside one that is slow to answer. */
  'hedge:sent': HedgeSentEvent
  /** When such an attempt is answered first, and well. */
  'hedge:won': HedgeWonEvent
  /** When an answer paused every call under a limit, or prolonged the pause; also a success that says that nothing is left. */
  'limit:paused': LimitPausedEvent
  /** When a call begins to wait for the end of a pause. */
  'limit:waiting': WaitingEvent
  /** When such a wait ended and the call goes on. */
  'limit:released': ReleasedEvent
  /** When a call begins to wait for a free slot of the bulkhead. */
  'bulkhead:queued': QueuedEvent
  /** When it got one. */
  'bulkhead:released': ReleasedEvent
  /** When too many calls to the host failed or were slow; from now on they are refused. */
  'circuit:opened': CircuitOpenedEvent
  /** When the break is over; the call that found out is the first probe. */
  'circuit:half-opened': CircuitEvent
  /** When enough probes succeeded, it was closed by hand, or was forgotten because too many others were used since. */
  'circuit:closed': CircuitEvent
  /** When it was isolated by hand; calls are refused until it is closed by hand. */
  'circuit:isolated': CircuitEvent
  /** After a 401, when the auth provider gave another token and the request is sent again. */
  'auth:replayed': CallEvent
  /**
   * When the `state` store failed, did not answer in time, or held something that is none of ours; until it recovers, this
   * function goes on by itself. At most every ten seconds for each code.
   */
  'state:failed': StateFailedEvent
  /** When the store works again after `state:failed`. */
  'state:recovered': StateRecoveredEvent
}

/** How loud an event is in a log. */
export type EventSeverity = 'debug' | 'info' | 'warning' | 'error'

/** Every event of `CoreEventMap` with the severity that log adapters use. docs/events.md is compared with it by a test. */
export const coreEvents: { readonly [Name in keyof CoreEventMap]: EventSeverity } = Object.freeze({
  'call:started': 'debug',
  'call:finished': 'debug',
  'call:refused': 'warning',
  'attempt:failed': 'info',
  'retry:scheduled': 'info',
  'retry:exhausted': 'warning',
  'hedge:sent': 'info',
  'hedge:won': 'debug',
  'limit:paused': 'warning',
  'limit:waiting': 'info',
  'limit:released': 'debug',
  'bulkhead:queued': 'info',
  'bulkhead:released': 'debug',
  'circuit:opened': 'error',
  'circuit:half-opened': 'info',
  'circuit:closed': 'info',
  'circuit:isolated': 'warning',
  'auth:replayed': 'info',
  'state:failed': 'warning',
  'state:recovered': 'info',
  'listener:error': 'error',
})
