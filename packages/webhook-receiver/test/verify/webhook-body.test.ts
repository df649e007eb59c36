import { describe, expect, test } from 'vitest'
import { webhookFields } from '../../src/verify/webhook-body.ts'

const json = (value: unknown) => webhookFields([], Buffer.from(JSON.stringify(value)))

describe('webhookFields', () => {
  test('reads strings, numbers and booleans at a pointer as text', () => {
    const fields = json({ id: 'evt_1', account: { number: 12 }, live: false })
    expect(fields.atPointer('/id')).toBe('evt_1')
    expect(fields.atPointer('/account/number')).toBe('12')
    expect(fields.atPointer('/live')).toBe('false')
  })

  test.each(['12345678901234567891', '-9007199254740993', '1.50', '1e400'])(
    'reads the number %s as it is written',
    (id) => {
      const fields = webhookFields([], Buffer.from(`{"account":{"id":${id}}}`))
      expect(fields.read({ from: 'body', pointer: '/account/id', signed: true })).toBe(id)
    },
  )

  test('reads nothing where there is no scalar', () => {
    const fields = json({ list: [1], none: null, empty: '' })
    expect(fields.atPointer('/list')).toBeUndefined()
    expect(fields.atPointer('/none')).toBeUndefined()
    expect(fields.atPointer('/absent')).toBeUndefined()
    expect(fields.read({ from: 'body', pointer: '/empty', signed: true })).toBeUndefined()
  })

  test.each(['', 'not json', '{"half":'])('reads nothing from the body %j', (body) => {
    expect(webhookFields([], Buffer.from(body)).atPointer('/id')).toBeUndefined()
  })

  test('reads JSON behind a byte order mark', () => {
    expect(webhookFields([], Buffer.from('\ufeff{"id":"a"}')).atPointer('/id')).toBe('a')
  })

  test('reads the members of a form', () => {
    const headers = [['Content-Type', 'application/x-www-form-urlencoded; charset=utf-8']] as const
    expect(webhookFields(headers, Buffer.from('secret=a%20b&x=1')).atPointer('/secret')).toBe('a b')
  })

  test('reads headers whatever their case', () => {
    const fields = webhookFields([['X-Event', 'push']], Buffer.alloc(0))
    expect(fields.read({ from: 'header', name: 'x-event', signed: false })).toBe('push')
    expect(fields.read({ from: 'header', name: 'x-absent', signed: false })).toBeUndefined()
    expect(fields.read(undefined)).toBeUndefined()
  })
})
