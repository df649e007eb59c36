import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { SignatureFormat } from '@holdfast/core'
import { compileFormat } from '../../src/verify/signature-format.ts'

function signaturesIn(values: readonly string[], format?: SignatureFormat): readonly string[] {
  const found: string[] = []
  for (const value of values) compileFormat(format)(value, found)
  return found
}

describe('compileFormat', () => {
  test('takes the fixed prefix off a plain signature', () => {
    expect(signaturesIn(['sha256=ab'], { kind: 'plain', prefix: 'sha256=' })).toEqual(['ab'])
  })

  test('finds none where the prefix is missing or of another case', () => {
    expect(signaturesIn(['sha1=ab'], { kind: 'plain', prefix: 'sha256=' })).toEqual([])
    expect(signaturesIn(['SHA256=ab'], { kind: 'plain', prefix: 'sha256=' })).toEqual([])
  })

  test('takes every value of the key, with blanks after the separator and other keys between', () => {
    const format = { kind: 'keyValue', separator: ',', key: 'v1' } as const
    expect(signaturesIn(['t=1,v1=aa, v0=bb,v1=cc', 'v1=dd'], format)).toEqual(['aa', 'cc', 'dd'])
  })

  test('takes every item with the tag and ignores other versions', () => {
    const format = { kind: 'taggedList', separator: ' ', tagSeparator: ',', tag: 'v1' } as const
    expect(signaturesIn(['v1,aa v1a,bb v2,cc v1,dd='], format)).toEqual(['aa', 'dd='])
  })

  test('reads the same from headers that came twice and from their joined form', () => {
    const format = { kind: 'taggedList', separator: ' ', tagSeparator: ',', tag: 'v1' } as const
    const apart = ['v1,aa', 'v1,bb']
    expect(signaturesIn([apart.join(', ')], format)).toEqual(signaturesIn(apart, format))
  })

  test('does not confuse a key with one that ends like it', () => {
    expect(signaturesIn(['av1=1,v1=2'], { kind: 'keyValue', separator: ',', key: 'v1' })).toEqual(['2'])
  })

  test('takes every item of a list, or those with the prefix', () => {
    expect(signaturesIn(['aa, bb'], { kind: 'list', separator: ',' })).toEqual(['aa', 'bb'])
    expect(signaturesIn(['v1=aa,v2=bb,v1=cc'], { kind: 'list', separator: ',', prefix: 'v1=' })).toEqual(['aa', 'cc'])
  })

  test('takes the items from an index on', () => {
    expect(signaturesIn(['1700,aa,bb'], { kind: 'positional', separator: ',', from: 1 })).toEqual(['aa', 'bb'])
    expect(signaturesIn(['1700'], { kind: 'positional', separator: ',', from: 1 })).toEqual([])
  })

  test('takes the second of each pair', () => {
    const format = { kind: 'pairs', separator: '&', pairSeparator: '|' } as const
    expect(signaturesIn(['key|aa&other|bb&lone'], format)).toEqual(['aa', 'bb'])
  })

  test('reads JSON in base64, URL-safe or not', () => {
    const format = { kind: 'base64Json', pointer: '/signature' } as const
    const json = JSON.stringify({ kid: '??>>', signature: 'aa' })
    expect(signaturesIn([btoa(json)], format)).toEqual(['aa'])
    expect(signaturesIn([Buffer.from(json).toString('base64url')], format)).toEqual(['aa'])
    expect(signaturesIn([btoa('not json'), '*', btoa('{"signature":1}')], format)).toEqual([])
  })

  test('takes the whole value without a format', () => {
    expect(signaturesIn(['aa'])).toEqual(['aa'])
  })

  test.each<SignatureFormat>([
    { kind: 'plain', prefix: 'v1=' },
    { kind: 'list', separator: ',', prefix: 'v1=' },
    { kind: 'list', separator: ', ' },
    { kind: 'keyValue', separator: ',', key: 'v1' },
    { kind: 'keyValue', separator: '&', key: 's', pairSeparator: ':' },
    { kind: 'taggedList', separator: ' ', tagSeparator: ',', tag: 'v1' },
    { kind: 'positional', separator: ',', from: 1 },
    { kind: 'pairs', separator: '&', pairSeparator: '|' },
    { kind: 'base64Json', pointer: '/signature' },
  ])('reads any text as $kind, and finds nothing that is not in it', (format) => {
    const text = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.string({ unit: fc.constantFrom('v', '1', '=', ',', ' ', '&', '|', 's', ':', 'a') }),
    )
    fc.assert(
      fc.property(text, (value) => {
        for (const found of signaturesIn([value], format)) {
          if (format.kind !== 'base64Json') expect(value).toContain(found)
        }
      }),
    )
  })
})
