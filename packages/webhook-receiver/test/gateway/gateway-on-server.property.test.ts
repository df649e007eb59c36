import { describe, test } from 'vitest'
import { freshSeeds, scale, scaled } from '../disk/scale.ts'
import { playGateway } from './gateway-world.ts'

const SEEDS = scaled(40)

describe('a gateway whose buffer is on a server, killed and started again', () => {
  test.each([1, 4])(
    'loses nothing that it answered with a 2xx, and keeps the order of each key, with %i partitions',
    {
      timeout: 60_000 * scale,
    },
    async (partitions) => {
      for (const seed of freshSeeds(SEEDS)) await playGateway(seed, partitions)
    },
  )
})
