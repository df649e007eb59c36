import { describe, expect, test } from 'vitest'
import { bodyFields } from '../../src/verify/body-fields.ts'

const json = (value: unknown) => bodyFields(undefined, Buffer.from(JSON.stringify(value)))

describe('bodyFields', () => {
  test('reads strings, numbers and booleans at a pointer as text', () => {
    const fields = json({ id: 'evt_1', account: { number: 12 }, live: false })
    expect(fields.text('/id')).toBe('evt_1')
    expect(fields.text('/account/number')).toBe('12')
    expect(fields.text('/live')).toBe('false')
  })

  test.each(['12345678901234567891', '-9007199254740993', '1.50', '1e400'])(
    'reads the number %s as it is written',
    (id) => {
      const fields = bodyFields(undefined, Buffer.from(`{"account":{"id":${id}}}`))
      expect(fields.text('/account/id')).toBe(id)
      expect(fields.values('/account/id')).toEqual([id])
    },
  )

  test('reads nothing where there is no scalar', () => {
    const fields = json({ list: [1], none: null, empty: '' })
    expect(fields.text('/list')).toBeUndefined()
    expect(fields.text('/none')).toBeUndefined()
    expect(fields.text('/absent')).toBeUndefined()
    expect(fields.values('/list')).toEqual([])
    expect(fields.values('/empty')).toEqual([''])
  })

  test.each(['', 'not json', '{"half":'])('reads nothing from the body %j', (body) => {
    expect(bodyFields(undefined, Buffer.from(body)).text('/id')).toBeUndefined()
  })

  test('reads JSON behind a byte order mark', () => {
    expect(bodyFields(undefined, Buffer.from('\ufeff{"id":"a"}')).text('/id')).toBe('a')
  })

  test('finds a member whose name is written with escapes', () => {
    expect(bodyFields(undefined, Buffer.from(String.raw`{"\u0069d":"a"}`)).text('/id')).toBe('a')
  })

  test('finds what a pointer through an array, or with an escaped name, leads to', () => {
    expect(bodyFields(undefined, Buffer.from('[{"id":"a"}]')).text('/0/id')).toBe('a')
    expect(json({ 'a/b': 'c' }).text('/a~1b')).toBe('c')
  })

  test('takes no text that is equal to a name for the member', () => {
    const fields = json({ note: 'id', inner: { tenant: 'a' } })
    expect(fields.text('/id')).toBeUndefined()
    expect(fields.text('/tenant')).toBeUndefined()
    expect(fields.text('/inner/tenant')).toBe('a')
  })

  test('keeps small numbers digit by digit where bytes are wanted', () => {
    const fields = bodyFields(undefined, Buffer.from('{"amount":10.0,"count":1e2,"zero":-0}'))
    expect(['/amount', '/count', '/zero'].flatMap(fields.values)).toEqual(['10.0', '1e2', '-0'])
  })

  test('unescapes strings and writes them as UTF-8', () => {
    expect(bodyFields(undefined, Buffer.from(String.raw`{"name":"\u00e9\/"}`)).values('/name')).toEqual([
      '\u00c3\u00a9/',
    ])
  })

  describe('of a form', () => {
    const type = 'Application/X-WWW-Form-Urlencoded; charset=utf-8'

    test('reads the members, decoded', () => {
      expect(bodyFields(type, Buffer.from('secret=a%20b+c&x=1')).text('/secret')).toBe('a b c')
    })

    test('keeps every value of a name and every byte', () => {
      const fields = bodyFields(type, Buffer.from('a=%ff&b=1&a=%C3%A9&c'))
      expect(fields.values('/a')).toEqual(['\u00ff', '\u00c3\u00a9'])
      expect(fields.text('/a')).toBe('é')
      expect(fields.values('/c')).toEqual([''])
      expect(fields.values('/absent')).toEqual([])
    })

    test('takes what is no escape for itself', () => {
      expect(bodyFields(type, Buffer.from('a=100%&b=%zz&c=%4')).pairs()).toEqual([
        ['a', '100%'],
        ['b', '%zz'],
        ['c', '%4'],
      ])
    })

    test.each(['{"id":"a"}', ' \r\n[1]', '\ufeff{"id":"a"}'])(
      'takes %j for JSON, for whoever sends a signed body again chooses its content type',
      (body) => {
        const fields = bodyFields(type, Buffer.from(body))
        expect(fields.isForm).toBe(false)
        expect(fields.value('')).toEqual(JSON.parse(body.replace('\ufeff', '')))
      },
    )

    test('takes more fields than anybody sends for no form, whose memory they would fill', () => {
      expect(bodyFields(type, Buffer.from('a&'.repeat(9_999))).isForm).toBe(true)
      const fields = bodyFields(type, Buffer.from('a&'.repeat(10_000)))
      expect([fields.isForm, fields.pairs(), fields.values('/a')]).toEqual([false, [], []])
    })
  })
})
