import { describe, test } from 'vitest'
import { freshSeeds, scale, scaled } from '../disk/scale.ts'
import { playRedrives, type RedriveSetUp } from './redrive-world.ts'

const SEEDS = scaled(40)

const setUps: readonly (readonly [name: string, setUp: RedriveSetUp])[] = [
  ['events given up alone', { policies: ['deadLetter'] }],
  ['events given up with their keys', { policies: ['deadLetterKey'] }],
  ['keys that are blocked', { policies: ['blockKey'] }],
  ['another policy after each restart', { policies: ['deadLetter', 'blockKey'], changesPolicy: true }],
  ['no restart', { policies: ['deadLetter', 'deadLetterKey', 'blockKey'], neverRestarts: true }],
  ['a wall clock that jumps', { policies: ['deadLetter', 'deadLetterKey', 'blockKey'], clockJumps: true }],
]

describe('dead letters that are redriven while the drain works', () => {
  test.each(setUps)(
    'keep the order of their keys, and all have an end, with %s',
    { timeout: 60_000 * scale },
    async (_, setUp) => {
      for (const seed of freshSeeds(SEEDS)) await playRedrives(seed, setUp)
    },
  )
})
