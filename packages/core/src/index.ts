export type { Auth, TokenProvider, TokenRequest } from './auth/auth-options.ts'
export type { BodyValue } from './body/body-kinds.ts'
export { replayableBody } from './body/replayable-body.ts'
export type { BodyFactory, BodyRequest } from './body/replayable-body.ts'
export { defaultBulkheadOptions } from './bulkhead/bulkhead-options.ts'
export type { BulkheadOptions } from './bulkhead/bulkhead-options.ts'
export { defaultCircuitBreakerOptions } from './circuit-breaker/circuit-breaker-options.ts'
export type { CircuitBreakerOptions } from './circuit-breaker/circuit-breaker-options.ts'
export { checkConnector } from './connectors/check-connector.ts'
export type * from './connectors/connector.ts'
export { readPointer } from './connectors/json-pointer.ts'
export { challengePattern } from './connectors/webhook/challenge-pattern.ts'
export { classifyFailure } from './errors/classify-failure.ts'
export type { FailureContext } from './errors/classify-failure.ts'
export { classifyResponse } from './errors/classify-response.ts'
export type { ResponseFacts } from './errors/classify-response.ts'
export type { ClientAnswer, ClientFailure, ClientVerdict, ReadClientFailure } from './errors/client-failure.ts'
export { errorCodes } from './errors/codes.ts'
export type { CodeDefaults, Delivery, ErrorCode, Fault, Phase, Retryable, Scope } from './errors/codes.ts'
export { IntegrationError, isIntegrationError } from './errors/integration-error.ts'
export type {
  AttemptRecord,
  CauseSummary,
  IntegrationErrorInit,
  IntegrationErrorJson,
  ProblemDetails,
  UpstreamFacts,
} from './errors/integration-error.ts'
export { InvalidOptionsError } from './errors/invalid-options-error.ts'
export type { InvalidOption } from './errors/invalid-options-error.ts'
export { redactUrl } from './errors/redact.ts'
export { coreEvents } from './events/core-event-map.ts'
export type * from './events/core-event-map.ts'
export { createEmitter } from './events/emitter.ts'
export type { BaseEventMap, Emitter, EventSource, ListenerErrorEvent, Unsubscribe } from './events/emitter.ts'
export { createFetch } from './fetch/create-fetch.ts'
export type { CircuitControl, ResilientFetch } from './fetch/create-fetch.ts'
export type { WaitRecord } from './fetch/call-record.ts'
export { explain, integrationErrorOf, rateLimitOf } from './fetch/explain.ts'
export type { Explanation } from './fetch/explanation.ts'
export type { Decision, HedgeStop } from './fetch/decision.ts'
export type { FetchOptions } from './fetch/fetch-options.ts'
export type { CircuitSnapshot, FetchSnapshot, HostSnapshot } from './fetch/fetch-snapshot.ts'
export { toIntegrationError } from './fetch/to-integration-error.ts'
export type { ClientErrorOptions, ToIntegrationErrorOptions } from './fetch/to-integration-error.ts'
export { defaultHedgeOptions } from './hedge/hedge-options.ts'
export type { HedgeOptions } from './hedge/hedge-options.ts'
export type { IdempotencyOptions } from './idempotency/idempotency-options.ts'
export {
  abortSignal,
  arrayOf,
  boolean,
  callback,
  checkOptions,
  clockObject,
  durationMs,
  either,
  integer,
  nonEmptyString,
  number,
  oneOf,
  plainObject,
  randomObject,
  withMethods,
} from './options/check.ts'
export type { Bounds, Check } from './options/check.ts'
export type { Priority } from './policy/place.ts'
export { systemRandom } from './random/random.ts'
export type { Random } from './random/random.ts'
export type { RateLimitReading } from './limit-reading/rate-limit-reading.ts'
export type { NormalizedHeaders, RateLimit } from './limit-reading/read-rate-limits.ts'
export { defaultRateLimitOptions } from './rate-limit/rate-limit-options.ts'
export type { LimitedRequest, RateLimitOptions } from './rate-limit/rate-limit-options.ts'
export { createLimits } from './rate-limit/limits.ts'
export type { Limits } from './rate-limit/limits.ts'
export { defaultRetryBudgetOptions, defaultRetryOptions } from './retry/retry-options.ts'
export type { RetryBudgetOptions, RetryOptions } from './retry/retry-options.ts'
export { memoryStateStore } from './state/memory-state-store.ts'
export type { MemoryStateStoreOptions } from './state/memory-state-store.ts'
export type * from './state/state-store.ts'
export type { Clock } from './time/clock.ts'
export { systemClock } from './time/system-clock.ts'
export { parseRetryAfter } from './time/retry-after.ts'
export type { WaitFormat } from './time/wait-value.ts'
export { defaultTimeoutOptions } from './timeout/timeout-options.ts'
export type { TimeoutOptions } from './timeout/timeout-options.ts'
