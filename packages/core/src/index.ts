export { linkSignals } from './abort/link-signals.ts'
export type { LinkedSignal } from './abort/link-signals.ts'
export { checkConnector } from './connectors/check-connector.ts'
export type * from './connectors/connector.ts'
export { readPointer } from './connectors/json-pointer.ts'
export { classifyFailure } from './errors/classify-failure.ts'
export type { FailureContext } from './errors/classify-failure.ts'
export { classifyResponse } from './errors/classify-response.ts'
export type { ResponseFacts } from './errors/classify-response.ts'
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
export { createEmitter } from './events/emitter.ts'
export type { BaseEventMap, Emitter, EventSource, ListenerErrorEvent, Unsubscribe } from './events/emitter.ts'
export {
  arrayOf,
  boolean,
  callback,
  checkOptions,
  durationMs,
  either,
  integer,
  nonEmptyString,
  number,
  oneOf,
  plainObject,
} from './options/check.ts'
export type { Bounds, Check } from './options/check.ts'
export { systemRandom } from './random/random.ts'
export type { Random } from './random/random.ts'
export type { Clock } from './time/clock.ts'
export { systemClock } from './time/system-clock.ts'
export { parseRetryAfter } from './time/retry-after.ts'
