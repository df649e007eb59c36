import type { MessagePart } from '@holdfast/core'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { RequestReader } from '../../src/verify/request-reader.ts'
import { writeSortedForm } from '../../src/verify/sorted-form.ts'

type SortedForm = Extract<MessagePart, { part: 'sortedForm' }>

function write(body: string, part: Partial<SortedForm> = {}, url = '/', type = 'application/x-www-form-urlencoded') {
  const request = { headers: [['content-type', type]] as const, body: Buffer.from(body), receivedAt: 0 }
  return writeSortedForm(new RequestReader(request), url, { part: 'sortedForm', duplicates: 'sorted', ...part })
}

describe('writeSortedForm', () => {
  test.each<[SortedForm['duplicates'], string]>([
    ['unique_sorted', 'A0a1a2b1'],
    ['sorted', 'A0a1a1a2b1'],
    ['in_order', 'A0a2a1a1b1'],
  ])('sorts by name, upper case first, with values of one name %s', (duplicates, text) => {
    expect(write('b=1&a=2&a=1&A=0&a=1', { duplicates })).toBe(text)
  })

  test('writes decoded bytes', () => {
    expect(write('b=%C3%A9+%26&a=%ff')).toBe('a\u00ffb\u00c3\u00a9 &')
  })

  test('puts text between and after', () => {
    expect(write('b=1&a=2', { pair: { between: '=', after: '&' } })).toBe('a=2&b=1&')
  })

  test('leads with what belongs to the URL, where there are fields', () => {
    const lead = { afterQuery: '.', afterPath: '?' }
    expect(write('a=1', { lead }, '/x?y=1')).toBe('.a1')
    expect(write('a=1', { lead }, '/x')).toBe('?a1')
    expect(write('', { lead }, '/x')).toBe('')
  })

  test('writes none for a body that is no form, and nothing for none', () => {
    expect(write('a=1', {}, '/', 'text/plain')).toBeUndefined()
    expect(write('{"a":1}')).toBeUndefined()
    expect(write('', {}, '/', 'text/plain')).toBe('')
  })

  test('is the same for every order of different fields', () => {
    const fields = fc.uniqueArray(fc.tuple(fc.nat(99), fc.nat(9)), { selector: ([name]) => name, maxLength: 6 })
    fc.assert(
      fc.property(fields, (pairs) => {
        const form = pairs.map(([name, value]) => `n${name}=${value}`)
        expect(write(form.toReversed().join('&'))).toBe(write(form.join('&')))
      }),
    )
  })
})
