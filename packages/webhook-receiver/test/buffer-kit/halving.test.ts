import { describe, expect, it } from 'vitest'
import { createHalving } from '../../src/buffer-kit/halving.ts'

describe('createHalving', () => {
  it('has a batch hold half of those who wait, and goes ahead for the others', () => {
    const halving = createHalving(() => 0.5)
    expect(halving.begin(7)).toBe(4)
    expect(halving.stored(4, 3)).toBe(true)
    // Of the four who are answered none is back yet.
    expect(halving.begin(3)).toBe(4)
  })

  it.each([
    { groups: 4, others: 2, isAhead: true },
    { groups: 4, others: 1, isAhead: false },
    { groups: 1, others: 1, isAhead: true },
    { groups: 1, others: 0, isAhead: false },
  ])('goes ahead where half as many wait as the batch held: $others of $groups', ({ groups, others, isAhead }) => {
    const halving = createHalving(() => 1)
    halving.begin(groups)
    expect(halving.stored(groups, others)).toBe(isAhead)
  })

  it('leaves a process alone that has little to do', () => {
    const halving = createHalving(() => 0.49)
    expect(halving.begin(7)).toBe(Infinity)
    expect(halving.isBusy).toBe(false)
    expect(halving.stored(7, 7)).toBe(false)
  })

  it('asks anew for each batch, and not in between', () => {
    let share = 1
    const halving = createHalving(() => share)
    halving.begin(2)
    share = 0
    expect(halving.isBusy).toBe(true)
    expect(halving.stored(1, 1)).toBe(true)
    expect(halving.begin(1)).toBe(Infinity)
    expect(halving.isBusy).toBe(false)
  })
})
