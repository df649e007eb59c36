import { describe, expect, it } from 'vitest'
import { gatePairs } from './gate-pairs.ts'
import { hedgePairs } from './hedge-pairs.ts'
import { policies, policyOfOption } from './pair.ts'
import { requestPairs } from './request-pairs.ts'
import { retryPairs } from './retry-pairs.ts'
import { timePairs } from './time-pairs.ts'

const pairs = [...timePairs, ...requestPairs, ...retryPairs, ...gatePairs, ...hedgePairs]
const nameOf = (of: readonly string[]): string => of.toSorted().join(' and ')

describe('createFetch: every two policies at once', () => {
  it.each(pairs.map(({ of, title, run }) => [of.join(' and '), title, run] as const))('%s: %s', (_of, _title, run) =>
    run(),
  )
})

it('every two policies have a scenario', () => {
  const wanted = policies.flatMap((first, index) => policies.slice(index + 1).map((second) => nameOf([first, second])))
  expect(pairs.map(({ of }) => nameOf(of)).toSorted()).toEqual(wanted.toSorted())
})

it('every option that acts on calls belongs to a policy that is paired', () => {
  const named = new Set(Object.values(policyOfOption).filter((policy) => policy !== 'none'))
  // An abort comes with the call, and the budget is an option of `retry`.
  expect([...named, 'abort', 'budget'].toSorted()).toEqual([...policies].toSorted())
})
