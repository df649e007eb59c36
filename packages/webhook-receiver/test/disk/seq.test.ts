import { describe, expect, test } from 'vitest'
import { positionOf, seqOf } from '../../src/disk/seq.ts'

describe('positionOf', () => {
  test('is 16 hex digits that compare as the numbers do', () => {
    const seqs = [1, 9, 10, 15, 16, 255, 4096, 2 ** 32 - 1, 2 ** 32, Number.MAX_SAFE_INTEGER]
    const positions = seqs.map(positionOf)
    expect(positions).toEqual(seqs.map((seq) => seq.toString(16).padStart(16, '0')))
    expect(positions.toSorted()).toEqual(positions)
    expect(positions.map(seqOf)).toEqual(seqs)
  })
})

describe('seqOf', () => {
  test.each([
    '',
    '1',
    '0000000000000000',
    '00000000000000001',
    '000000000000000g',
    '000000000000000A',
    '000000000000000/',
    '000000000000000:',
    '000000000000000`',
    ' 000000000000001',
    '-000000000000001',
    '00000000000001e1x',
    '0020000000000000',
    'ffffffffffffffff',
  ])('takes %j for no position', (text) => {
    expect(seqOf(text)).toBeUndefined()
  })
})
