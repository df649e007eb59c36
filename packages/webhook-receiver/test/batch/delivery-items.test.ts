import { describe, expect, test } from 'vitest'
import { deliveryItems } from '../../src/batch/delivery-items.ts'
import { RequestReader } from '../../src/verify/request-reader.ts'

const FORM = 'application/x-www-form-urlencoded'

function readerOf(body: string, type = 'application/json'): RequestReader {
  return new RequestReader({ headers: [['content-type', type]], body: Buffer.from(body), receivedAt: 0 })
}

function textOf({ content }: RequestReader): string {
  return Buffer.from(content).toString()
}

describe('deliveryItems', () => {
  test('cuts items out as they were sent, each with pointers of its own', () => {
    const items = deliveryItems(readerOf('{"events":[ {"id": 1.0},\n{"id":2} ]}'), { pointer: '/events' })
    expect(items?.map(textOf)).toEqual(['{"id": 1.0}', '{"id":2}'])
    expect(items?.map((item) => item.values({ from: 'body', pointer: '/id' }))).toEqual([['1.0'], ['2']])
  })

  test('reads JSON in a form field, with the headers of the request', () => {
    const [item] =
      deliveryItems(readerOf('events=%5B%7B%22id%22%3A%22%C3%A9%22%7D%5D', FORM), {
        pointer: '/events',
        json: true,
      }) ?? []
    expect(item && textOf(item)).toBe('{"id":"é"}')
    expect(item?.text({ from: 'header', name: 'content-type' })).toBe(FORM)
  })

  test.each(['{"events":{}}', '{}', '[]', 'no json', '', '{"events":"[1]"}'])('finds no array in %j', (body) => {
    expect(deliveryItems(readerOf(body), { pointer: '/events' })).toBeUndefined()
  })

  test('tells an empty array from none', () => {
    expect(deliveryItems(readerOf('[]'), { pointer: '' })).toEqual([])
  })

  test('refuses more items than any delivery has', () => {
    expect(deliveryItems(readerOf(`[${'0,'.repeat(9_999)}0]`), { pointer: '' })).toHaveLength(10_000)
    expect(() => deliveryItems(readerOf(`[${'0,'.repeat(10_000)}0]`), { pointer: '' })).toThrow(
      expect.objectContaining({ code: 'invalid_request', reason: 'batch_too_large' }),
    )
  })
})
