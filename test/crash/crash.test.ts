import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { newSeed, withKept } from '../seeds/kept-seeds.ts'
import { planRound, runCrashTest } from './crash-test.ts'
import type { MutationName } from './mutations.ts'
import { seededRandom } from './seeded-random.ts'

function temporaryDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), 'holdfast-crash-'))
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }))
  return directory
}

async function expectNothingFound(seed: number): Promise<void> {
  const report = await runCrashTest({ rounds: 25, seed, directory: temporaryDirectory() })
  expect(report.violations, `seed ${seed}`).toEqual([])
  expect(report.rounds).toBe(25)
  expect(report.refusedWhileUp, `seed ${seed}`).toBe(0)
  // A run in which nothing much happened would prove nothing.
  expect(report.audit.acknowledged, `seed ${seed}`).toBeGreaterThan(250)
  expect(report.audit.started, `seed ${seed}`).toEqual({ keyed: report.audit.sent, total: report.audit.sent })
}

describe('a receiver that is killed under load', () => {
  const seeds = withKept('kills', [newSeed()])
  it('loses and reorders nothing, and repeats only what was not acknowledged, in 25 rounds', {
    timeout: 240_000 * seeds.length,
  }, async () => {
    for (const seed of seeds) await expectNothingFound(seed)
  })

  it.each<[MutationName, readonly string[]]>([
    ['acknowledge-before-write', ['lost', 'reordered']],
    ['forget-acks', ['redelivered', 'too_many_redeliveries']],
    ['forget-ids', ['redelivered', 'unstable_id']],
  ])('is found out when it is broken by %s', { timeout: 120_000 }, async (mutation, expected) => {
    const report = await runCrashTest({ rounds: 12, seed: 1, directory: temporaryDirectory(), mutation })
    const found = report.violations.map((violation) => violation.kind)
    expect(found.filter((kind) => expected.includes(kind))).not.toEqual([])
  })
})

describe('planRound', () => {
  it('gives the same plan for the same seed', () => {
    expect(planRound(seededRandom(7, 'round', 3))).toEqual(planRound(seededRandom(7, 'round', 3)))
  })

  it('plans kills while opening, kills under load and graceful stops', () => {
    const plans = Array.from({ length: 200 }, (_, round) => planRound(seededRandom(1, 'round', round)))
    expect(new Set(plans.map((plan) => `${plan.end} from ${plan.from}`))).toEqual(
      new Set(['killed from listening', 'killed from opening', 'stopped from listening']),
    )
    expect(plans.every((plan) => plan.delayMs >= 0 && plan.delayMs <= 400)).toBe(true)
  })
})
