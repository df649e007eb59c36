export { fakeClock } from './fake-clock.ts'
export type { FakeClock } from './fake-clock.ts'
export { recordEvents } from './record-events.ts'
export type { EventRecorder, RecordedEvent } from './record-events.ts'
export { scriptedFetch } from './scripted-fetch.ts'
export type { RecordedCall, ScriptedAnswer, ScriptedFetch } from './scripted-fetch.ts'
export { seededRandom } from './seeded-random.ts'
export { stateStoreConformance } from './state-store-conformance.ts'
export type {
  StateStoreCapability,
  StateStoreCase,
  StateStoreHarness,
  StateStoreUnderTest,
} from './conformance/conformance-case.ts'

// Upstreams that fail on purpose.
export { flakyFetch } from './upstream/flaky-fetch.ts'
export type { FlakyFetch } from './upstream/flaky-fetch.ts'
export { flakyHandlers } from './upstream/flaky-handlers.ts'
export type { FlakyHandlers, Msw } from './upstream/flaky-handlers.ts'
export { flakyLookup } from './upstream/flaky-lookup.ts'
export type { LookupAddress, LookupAnswer, LookupFunction } from './upstream/flaky-lookup.ts'
export { flakyUpstream } from './upstream/flaky-upstream.ts'
export type { FlakyUpstream, FlakyUpstreamOptions, UpstreamTls } from './upstream/flaky-upstream.ts'
export { limitDialects } from './upstream/limit-dialects.ts'
export type { LimitDialectName } from './upstream/limit-dialects.ts'
export type { LimitDialect, LimitTelling, LimitTemplate } from './upstream/limit-dialect.ts'
export { upstreamFaults } from './upstream/upstream-faults.ts'
export type { AnswerFault, BodyFault, ConnectionFault, UpstreamFault } from './upstream/upstream-faults.ts'
export type { LimitModel, UpstreamLimit } from './upstream/upstream-limit.ts'
export type { InformationalReply, ReplyHeaders, UpstreamReply, UpstreamStep } from './upstream/upstream-reply.ts'
export type { UpstreamRequest } from './upstream/upstream-request.ts'
export type { UpstreamDisturbance, UpstreamOptions, UpstreamScript } from './upstream/upstream-script.ts'
