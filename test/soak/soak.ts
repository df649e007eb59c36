import { getEventListeners } from 'node:events'
import { isIntegrationError } from '@holdfast/core'
import { fakeClock, seededRandom } from '@holdfast/core/testing'
import { Application, STRAY_HOSTS } from './application.ts'
import { SimulatedUpstream } from './simulated-upstream.ts'

const HOUR_MS = 3_600_000
/** Longer than any call can take, so that nothing is in flight any more. */
const QUIET_MS = 120_000
/** Calls at once, to the same upstream. */
const BURST = 60
const MAX_HOSTS = 10_000
const HOSTS_AT_ONCE = 500
const MAX_CIRCUITS_PER_HOST = 101

export interface SoakOptions {
  readonly hours: number
  readonly callsPerHour: number
  readonly seed: number
  /** Keeps every response, to see that this is found out. */
  readonly leak?: boolean
  /** Called after each hour. */
  readonly onHour?: (checkpoint: Checkpoint) => void
}

/** What there is after an hour, with nothing in flight. */
export interface Checkpoint {
  readonly hour: number
  readonly calls: number
  readonly pendingTimers: number
  readonly hosts: number
  readonly circuits: number
  /** Listeners on the signal that all calls share. */
  readonly listeners: number
  readonly snapshotBytes: number
  /** After a garbage collection; `NaN` without `--expose-gc`. */
  readonly heapBytes: number
}

export interface SoakReport {
  readonly calls: number
  readonly requests: number
  readonly events: number
  /** How often the calls ended with each status, code or reason. */
  readonly outcomes: Readonly<Record<string, number>>
  readonly checkpoints: readonly Checkpoint[]
  /** What grew or was left behind. Empty when all is well. */
  readonly violations: readonly string[]
}

/** Plays hours of traffic on a fake clock, and looks each hour at what is left of it. */
export async function soak({ hours, callsPerHour, seed, leak = false, onHour }: SoakOptions): Promise<SoakReport> {
  const clock = fakeClock()
  const random = seededRandom(seed)
  const upstream = new SimulatedUpstream(clock, random)
  const application = new Application(upstream, clock, random)
  const outcomes: Record<string, number> = {}
  const checkpoints: Checkpoint[] = []
  const violations: string[] = []
  /** As for the end of the process: every fourth call follows it, and it never aborts. */
  const { signal: shared } = new AbortController()
  const leaked: Response[] = []
  let calls = 0
  let pending = 0

  const call = async (upstreamIndex: number): Promise<void> => {
    calls++
    pending++
    const outcome = await outcomeOf(calls, upstreamIndex)
    outcomes[outcome] = (outcomes[outcome] ?? 0) + 1
    pending--
  }

  const outcomeOf = async (number: number, upstreamIndex: number): Promise<string> => {
    const own = number % 4 === 1 ? new AbortController() : undefined
    const reason = new Error('enough')
    const cancel = own === undefined ? undefined : clock.schedule(random.next() * 20_000, () => own.abort(reason))
    const startedMs = clock.monotonicMs()
    try {
      const response = await application.call(upstreamIndex, own?.signal ?? (number % 4 === 0 ? shared : undefined))
      if (leak) leaked.push(response)
      // Some read the body, some forget it.
      if (number % 3 > 0) await response.text()
      return String(response.status)
    } catch (error) {
      if (error === reason) return 'aborted'
      return isIntegrationError(error) ? error.code : error instanceof Error ? error.name : 'unknown'
    } finally {
      cancel?.()
      if (clock.monotonicMs() - startedMs > 60_000) violations.push(`call ${number} took longer than its deadline`)
    }
  }

  const meetHosts = async (): Promise<void> => {
    for (let first = 0; first < STRAY_HOSTS; first += HOSTS_AT_ONCE) {
      const hosts = Array.from({ length: HOSTS_AT_ONCE }, (_, index) => first + index)
      const met = Promise.allSettled(hosts.map((host) => application.meet(host)))
      await clock.runUntil(met)
    }
  }

  for (let hour = 1; hour <= hours; hour++) {
    // Before the traffic, so that it has filled up again when it is looked at.
    await application.replace(hour)
    if (hour === 1 || application.isStrays(hour)) await meetHosts()
    const gapMs = (2 * (HOUR_MS - QUIET_MS)) / callsPerHour
    const untilCalls = calls + callsPerHour
    for (let gapsMs = 0; calls < untilCalls; gapsMs = 0) {
      // Most calls come one by one, some all at once.
      const count = random.next() < 0.005 ? BURST : 1
      const upstreamIndex = Math.floor(random.next() * 1_000)
      for (let n = 0; n < count; n++) {
        gapsMs += random.next() * gapMs
        void call(upstreamIndex)
      }
      await clock.advance(gapsMs)
    }
    await clock.advance(QUIET_MS)
    if (pending > 0) violations.push(`hour ${hour}: ${pending} calls never ended`)
    await collectGarbage(() => getEventListeners(shared, 'abort').length === 0)
    const checkpoint = look(hour)
    violations.push(...problemsOf(checkpoint))
    checkpoints.push(checkpoint)
    onHour?.(checkpoint)
  }
  return { calls, requests: upstream.requests, events: application.events, outcomes, checkpoints, violations }

  function look(hour: number): Checkpoint {
    const snapshots = application.functions.map((fetch) => fetch.snapshot())
    const hosts = snapshots.flatMap((snapshot) => snapshot.hosts)
    for (const { active = 0, queued = 0, host } of hosts)
      if (active + queued > 0) violations.push(`hour ${hour}: ${host} has ${active} active and ${queued} queued`)
    return {
      hour,
      calls,
      pendingTimers: clock.pendingTimers,
      hosts: Math.max(...snapshots.map((snapshot) => snapshot.hosts.length)),
      circuits: Math.max(...hosts.map(({ circuits = [] }) => circuits.length)),
      listeners: getEventListeners(shared, 'abort').length,
      snapshotBytes: JSON.stringify(snapshots).length,
      heapBytes: globalThis.gc === undefined ? Number.NaN : process.memoryUsage().heapUsed,
    }
  }
}

function problemsOf({ hour, pendingTimers, hosts, circuits, listeners, heapBytes }: Checkpoint): readonly string[] {
  const problems: string[] = []
  if (pendingTimers > 0) problems.push(`${pendingTimers} timers are pending`)
  if (hosts > MAX_HOSTS) problems.push(`${hosts} hosts are kept`)
  if (circuits > MAX_CIRCUITS_PER_HOST) problems.push(`${circuits} circuits of one host are kept`)
  // Without a collection, the bodies that nobody read are still there, and with them the listener.
  if (listeners > 0 && !Number.isNaN(heapBytes)) problems.push(`${listeners} listeners are on the shared signal`)
  return problems.map((problem) => `hour ${hour}: ${problem}`)
}

/** Finalizers run after a collection, on a later turn of the event loop. */
async function collectGarbage(isDone: () => boolean): Promise<void> {
  if (globalThis.gc === undefined) return
  for (let turn = 0; turn < 10; turn++) {
    globalThis.gc()
    await new Promise((resolve) => setImmediate(resolve))
    if (turn > 2 && isDone()) return
  }
}

/**
 * How much the heap grew from the hour after which everything is warm to the last one, as a share.
 */
export function heapGrowth(checkpoints: readonly Checkpoint[], warmHour: number): number {
  const warm = checkpoints.find(({ hour }) => hour === warmHour)?.heapBytes ?? Number.NaN
  return (checkpoints.at(-1)?.heapBytes ?? Number.NaN) / warm - 1
}
