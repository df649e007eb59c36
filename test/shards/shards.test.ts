import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { newSeed, withKept } from '../seeds/kept-seeds.ts'
import { runClusterTest } from './cluster-test.ts'

const seeds = withKept('cluster', [newSeed()])

it('loses nothing of what a cluster of three acknowledged when a worker is killed: another one takes over its shard', {
  timeout: 120_000 * seeds.length,
}, async () => {
  for (const seed of seeds) await expectNothingLost(seed)
})

async function expectNothingLost(seed: number): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), 'holdfast-cluster-'))
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }))
  const report = await runClusterTest({
    directory,
    workers: 3,
    keys: 24,
    eventsPerKey: 40,
    kills: 1,
    restart: false,
    seed,
    handlerMs: 15,
    leaseMs: 1_500,
    repeatRatio: 0.1,
    patienceMs: 60_000,
  })
  const { books, acknowledged, repeated, adoptedAfterMs, sharedShards } = report
  expect(books, `seed ${seed}`).toMatchObject({
    lost: [],
    reordered: [],
    overlapping: [],
    phantom: [],
    repeatedEffects: [],
  })
  expect(acknowledged).toBe(24 * 40)
  expect(repeated).toBeGreaterThan(20)
  // Another process has another shard: only the effect is compared across them.
  expect(books.storedTwice.length).toBeGreaterThan(0)
  // It had something left, which one that lives went on with.
  expect(sharedShards).toBe(1)
  expect(adoptedAfterMs).toHaveLength(1)
  expect(adoptedAfterMs[0]).toBeLessThan(10_000)
}
