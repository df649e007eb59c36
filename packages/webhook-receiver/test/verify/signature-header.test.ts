import { describe, expect, test } from 'vitest'
import { signatureCandidates, valuesOfKey } from '../../src/verify/signature-header.ts'

describe('signatureCandidates', () => {
  test('takes the fixed prefix off a plain signature', () => {
    expect(signatureCandidates(['sha256=ab'], { kind: 'plain', prefix: 'sha256=' })).toEqual(['ab'])
  })

  test('finds none where the prefix is missing or of another case', () => {
    expect(signatureCandidates(['sha1=ab'], { kind: 'plain', prefix: 'sha256=' })).toEqual([])
    expect(signatureCandidates(['SHA256=ab'], { kind: 'plain', prefix: 'sha256=' })).toEqual([])
  })

  test('takes every value of the key, with blanks after the separator and other keys between', () => {
    const format = { kind: 'keyValue', separator: ',', key: 'v1' } as const
    expect(signatureCandidates(['t=1,v1=aa, v0=bb,v1=cc', 'v1=dd'], format)).toEqual(['aa', 'cc', 'dd'])
  })

  test('takes every item with the tag and ignores other versions', () => {
    const format = { kind: 'taggedList', separator: ' ', tagSeparator: ',', tag: 'v1' } as const
    expect(signatureCandidates(['v1,aa v1a,bb v2,cc v1,dd='], format)).toEqual(['aa', 'dd='])
  })

  test('reads the same from headers that came twice and from their joined form', () => {
    const format = { kind: 'taggedList', separator: ' ', tagSeparator: ',', tag: 'v1' } as const
    const apart = ['v1,aa', 'v1,bb']
    expect(signatureCandidates([apart.join(', ')], format)).toEqual(signatureCandidates(apart, format))
  })
})

describe('valuesOfKey', () => {
  test('does not confuse a key with one that ends like it', () => {
    expect(valuesOfKey(['at=1,t=2'], ',', 't')).toEqual(['2'])
  })
})
