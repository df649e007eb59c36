import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, it, onTestFinished } from 'vitest'
import type { Figures } from './audit.ts'

interface Outcome {
  readonly passed: boolean
  readonly durationMs: number
  readonly faults: readonly string[]
  readonly figures: Figures
}

it('loses and reorders nothing over 1,000 events, a kill, a deploy and an outage', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'holdfast-demo-test-'))
  onTestFinished(() => rm(directory, { recursive: true }))
  const demo = fileURLToPath(new URL('demo.ts', import.meta.url))

  const { stdout } = await promisify(execFile)(
    process.execPath,
    ['--conditions=@holdfast/source', demo, '--records', directory],
    { env: { ...process.env, NO_COLOR: '1' } },
  )

  const { passed, durationMs, faults, figures } = JSON.parse(
    await readFile(join(directory, 'figures.json'), 'utf8'),
  ) as Outcome
  expect(faults).toEqual([])
  expect(passed).toBe(true)
  expect(durationMs).toBeLessThan(45_000)
  expect(figures.events).toBeGreaterThanOrEqual(1_000)
  expect(figures.kills).toBe(1)
  for (const destination of Object.values(figures.destinations)) {
    expect(destination).toMatchObject({ delivered: figures.events, lost: 0, outOfOrder: 0, altered: 0, unasked: 0 })
  }
  expect(figures.refused).toBeGreaterThan(0)
  expect(figures.duplicatesDropped).toBeGreaterThan(0)
  expect(figures.waits).toBeGreaterThan(0)
  expect(figures.breakerOpenings).toBeGreaterThan(0)
  expect(stdout).toMatch(/^ *lost +0 +0$/m)
  expect(stdout).toMatch(/^ *out of order within a key \(one customer\) +0 +0$/m)
  expect(stdout).not.toContain('\u001b')
})
