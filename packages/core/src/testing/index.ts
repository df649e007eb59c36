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
