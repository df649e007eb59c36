import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Audit, type AuditCounts, createAudit, type RunEnd, type Violation } from './audit.ts'
import type { BufferName } from './buffers.ts'
import { deferred } from './deferred.ts'
import { type DeliveryLogReader, followDeliveryLog } from './delivery-log.ts'
import { type Load, type LoadCounts, startLoad } from './load.ts'
import type { MutationName } from './mutations.ts'
import { type SeededRandom, seededRandom } from './seeded-random.ts'
import { audited, KEYS, startVictim, type Victim } from './victim-process.ts'

export interface CrashTestOptions {
  /** Kills, and now and then a graceful stop. */
  readonly rounds: number
  /** Decides when each round ends and what is sent. What the operating system does in between is not repeatable. */
  readonly seed: number
  /** A new directory for the buffer and the delivery log. */
  readonly directory: string
  /** The buffer to play with; `fsync` without it. */
  readonly buffer?: BufferName
  /** Breaks the receiver on purpose. */
  readonly mutation?: MutationName
  /** Called after each round. */
  readonly onRound?: (progress: CrashProgress) => void
}

export interface CrashProgress {
  readonly round: number
  readonly plan: RoundPlan
  readonly audit: AuditCounts
}

export interface CrashReport {
  readonly violations: readonly Violation[]
  /** Rounds that were played; fewer than asked for when one showed a violation. */
  readonly rounds: number
  readonly kills: number
  readonly killsWhileOpening: number
  readonly stops: number
  /** Answers 503 in rounds that were killed; a receiver that is up has no reason to give one. */
  readonly refusedWhileUp: number
  readonly audit: AuditCounts
  readonly load: LoadCounts
}

/** When and how a round ends. */
export interface RoundPlan {
  readonly end: RunEnd
  /** From when `delayMs` counts: the start of opening, or the first moment at which events are taken. */
  readonly from: 'opening' | 'listening'
  readonly delayMs: number
}

/** A round or the last drain that takes longer has hung, however busy the machine is. */
const HANG_MS = 300_000
/** What a process that hangs has for its report. */
const REPORT_MS = 5_000

/** Plays the rounds, then starts once more, lets everything drain and audits what the handlers saw. */
export async function runCrashTest(options: CrashTestOptions): Promise<CrashReport> {
  const { rounds, seed, directory, mutation } = options
  const bufferDirectory = join(directory, 'buffer')
  mkdirSync(bufferDirectory, { recursive: true })
  const logPath = join(directory, 'deliveries.log')
  const log = followDeliveryLog(logPath)
  const audit = createAudit(audited)
  const failure = deferred<never>()
  // A sender may fail between two rounds; the next one reports it.
  failure.promise.catch(() => undefined)
  const load = startLoad({ audit, seed, keys: KEYS, onFailure: (error) => failure.reject(error) })
  const tally = { rounds: 0, kills: 0, killsWhileOpening: 0, stops: 0, refusedWhileUp: 0 }
  const victims: Victim[] = []

  const start = (run: number): Victim => {
    const victim = startVictim({
      directory: bufferDirectory,
      buffer: options.buffer ?? 'fsync',
      logPath,
      reports: directory,
      compileCache: join(directory, 'compile-cache'),
      run,
      seed,
      ...(mutation === undefined ? {} : { mutation }),
    })
    victims.push(victim)
    return victim
  }

  try {
    for (let round = 1; round <= rounds && audit.violations.length === 0; round += 1) {
      const plan = planRound(seededRandom(seed, 'round', round))
      const refusedBefore = load.counts().refused
      const victim = start(round)
      await withinLimit(`round ${round}`, victim, failure.promise, playRound(victim, plan, load))
      readRun(audit, log, round, plan.end)
      tally.rounds = round
      if (plan.end === 'stopped') tally.stops += 1
      else if (plan.from === 'opening') tally.killsWhileOpening += 1
      if (plan.end === 'killed') {
        tally.kills += 1
        tally.refusedWhileUp += load.counts().refused - refusedBefore
      }
      options.onRound?.({ round, plan, audit: audit.counts() })
    }
    if (audit.violations.length === 0) {
      const run = rounds + 1
      const victim = start(run)
      await withinLimit('the last drain', victim, failure.promise, drain(victim, load))
      readRun(audit, log, run, 'stopped')
      audit.finish(run)
    }
    return { violations: audit.violations, ...tally, audit: audit.counts(), load: load.counts() }
  } finally {
    load.disconnect()
    for (const victim of victims) victim.kill()
    log.close()
  }
}

/** One round in five is killed while the buffer opens, one in twenty stops gracefully. */
export function planRound(random: SeededRandom): RoundPlan {
  if (random.chance(0.05)) return { end: 'stopped', from: 'listening', delayMs: random.integer(5, 400) }
  if (random.chance(0.2)) return { end: 'killed', from: 'opening', delayMs: random.integer(0, 40) }
  return { end: 'killed', from: 'listening', delayMs: random.integer(5, 400) }
}

async function playRound(victim: Victim, plan: RoundPlan, load: Load): Promise<void> {
  // Gone too early is an error of its own, which `gone` rejects with.
  await Promise.race([victim.opening, victim.gone])
  void victim.listening.then((port) => load.connect(port))
  if (plan.from === 'listening') await Promise.race([victim.listening, victim.gone])
  await sleep(plan.delayMs)
  if (plan.end === 'killed') victim.kill()
  else victim.tell('stop')
  await victim.gone
  load.disconnect()
}

async function drain(victim: Victim, load: Load): Promise<void> {
  const port = await Promise.race([victim.listening, victim.gone])
  if (port !== undefined) load.connect(port)
  await Promise.race([load.settle(), victim.gone])
  victim.tell('drain')
  await victim.gone
}

function readRun(audit: Audit, log: DeliveryLogReader, run: number, end: RunEnd): void {
  for (const record of log.readNew()) audit.delivered(record)
  audit.ended(run, end)
}

/** Rejects when the work takes too long, with a report of the victim, or as soon as a sender has failed. */
async function withinLimit(what: string, victim: Victim, failure: Promise<never>, work: Promise<void>): Promise<void> {
  const limit = new AbortController()
  try {
    await Promise.race([work, failure, hang(what, victim, limit.signal)])
  } finally {
    limit.abort()
  }
}

async function hang(what: string, victim: Victim, signal: AbortSignal): Promise<void> {
  try {
    await sleep(HANG_MS, undefined, { signal })
    victim.report()
    await sleep(REPORT_MS, undefined, { signal })
  } catch {
    // The work is over.
    return
  }
  throw new Error(`${what} took more than ${HANG_MS} ms; its directory has a report of Node.js`)
}
