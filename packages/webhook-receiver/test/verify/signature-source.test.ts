import type { SignatureSource } from '@holdfast/core'
import { describe, expect, test } from 'vitest'
import { RequestReader } from '../../src/verify/request-reader.ts'
import { compileSignatureSource } from '../../src/verify/signature-source.ts'

function find(source: SignatureSource, headers: readonly (readonly [string, string])[], body = '{}') {
  return compileSignatureSource(source)(new RequestReader({ headers, body: Buffer.from(body), receivedAt: 0 }))
}

const list = { kind: 'list', separator: ',' } as const

describe('compileSignatureSource', () => {
  test('finds a signature in a header, also one that has a second name', () => {
    const source: SignatureSource = { from: 'header', name: 'x-new', also: ['x-old'] }
    expect(find(source, [['X-New', 'a']])).toEqual(['a'])
    expect(find(source, [['X-Old', 'b']])).toEqual(['b'])
    expect(
      find(source, [
        ['x-old', 'b'],
        ['x-new', 'a'],
      ]),
    ).toEqual(['a', 'b'])
  })

  test('finds those of numbered headers, gaps included', () => {
    const source: SignatureSource = { from: 'header', name: 'x-sig-{n}', numbered: 3 }
    const headers = ['x-sig-0', 'x-sig-1', 'x-sig-3', 'x-sig-4'].map((name): [string, string] => [name, name])
    expect(find(source, headers)).toEqual(['x-sig-1', 'x-sig-3'])
  })

  test('takes one line of a header that is a signature, and all lines of a list', () => {
    const lines = [
      ['x-sig', 'a'],
      ['X-Sig', 'b'],
    ] as const
    expect(find({ from: 'header', name: 'x-sig' }, lines)).toBe('duplicate_header')
    expect(find({ from: 'header', name: 'x-sig', format: list }, lines)).toEqual(['a', 'b'])
  })

  test('says whether it is absent or something else', () => {
    const source: SignatureSource = { from: 'header', name: 'x-sig', format: { kind: 'plain', prefix: 'v1=' } }
    expect(find(source, [])).toBe('missing_header')
    expect(find(source, [['x-sig', 'v2=a']])).toBe('malformed_signature')
    expect(find({ from: 'body', pointer: '/sig' }, [])).toBe('missing_field')
  })

  test('finds a signature in JSON and in a form, where it must not come twice', () => {
    const source: SignatureSource = { from: 'body', pointer: '/sig' }
    const form = [['content-type', 'application/x-www-form-urlencoded']] as const
    expect(find(source, [], '{"sig":"a"}')).toEqual(['a'])
    expect(find(source, form, 'sig=a')).toEqual(['a'])
    expect(find(source, form, 'sig=a&sig=a')).toBe('duplicate_field')
  })
})
