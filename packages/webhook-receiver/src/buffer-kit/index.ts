export { answerInTime } from './answer-in-time.ts'
export { createAppendQueue } from './append-queue.ts'
export type { AppendQueue, AppendQueueOptions, Sized } from './append-queue.ts'
export { createArrivals } from './arrivals.ts'
export type { ArrivalListener, Arrivals, ArrivalsOptions } from './arrivals.ts'
export { createByteBudget } from './byte-budget.ts'
export type { ByteBudget } from './byte-budget.ts'
export { checkEvent, checkEventSize, decodeEvent, encodeEventMeta, eventIdentity } from './event-meta.ts'
export { createHandover, runsOf } from './handover.ts'
export type { Expected, ExpectedRead, Handover, StoredRecord, StoredRun } from './handover.ts'
export { createLifetime } from './lifetime.ts'
export type { Lifetime } from './lifetime.ts'
export { createLogReads } from './log-reads.ts'
export type { LogRead, LogReads, LogReadsOptions } from './log-reads.ts'
export { loopUtilization } from './loop-utilization.ts'
export { partitionOf, positionOf, positionUpTo, seqOf } from './position.ts'
export {
  defaultServerBufferOptions,
  resolveServerBufferOptions,
  serverBufferChecks,
} from './server-buffer-options.ts'
export type { ResolvedServerBufferOptions, ServerBufferOptions } from './server-buffer-options.ts'
export { untilAborted } from './until-aborted.ts'
