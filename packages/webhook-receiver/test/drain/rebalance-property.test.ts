import { describe, test } from 'vitest'
import { freshSeeds, scale, scaled } from '../disk/scale.ts'
import { playRebalances } from './rebalance-world.ts'

const SEEDS = scaled(80)

describe('processes that share a buffer, come, go and are cut off', () => {
  test('finish every event, in order per key, and none that another has finished', {
    timeout: 60_000 * scale,
  }, async () => {
    for (const seed of freshSeeds(SEEDS)) await playRebalances(seed)
  })
})
