import { expect, it } from 'vitest'
import { Isolations } from '../../src/fetch/isolations.ts'

it.each<[string, [string | undefined, boolean][], { a: boolean; b: boolean }]>([
  ['nothing was said', [], { a: false, b: false }],
  ['one was isolated', [['a', true]], { a: true, b: false }],
  [
    'one was isolated twice and closed',
    [
      ['a', true],
      ['a', true],
      ['a', false],
    ],
    { a: false, b: false },
  ],
  ['all were isolated', [[undefined, true]], { a: true, b: true }],
  [
    'all were isolated and one closed',
    [
      [undefined, true],
      ['a', false],
    ],
    { a: false, b: true },
  ],
  [
    'all, less one, and that one again',
    [
      [undefined, true],
      ['a', false],
      ['a', true],
    ],
    { a: true, b: true },
  ],
  [
    'one was isolated, then all, then all were closed',
    [
      ['a', true],
      [undefined, true],
      [undefined, false],
    ],
    { a: false, b: false },
  ],
  [
    'one was closed before all were isolated',
    [
      ['a', false],
      [undefined, true],
    ],
    { a: true, b: true },
  ],
])('Isolations knows who is isolated when %s', (_, said, isolated) => {
  const isolations = new Isolations()
  for (const [host, isIsolated] of said) isolations.set(host, isIsolated)
  expect({ a: isolations.has('a'), b: isolations.has('b') }).toEqual(isolated)
})
