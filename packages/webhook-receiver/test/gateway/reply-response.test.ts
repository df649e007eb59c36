import { expect, it } from 'vitest'
import { replyResponse } from '../../src/gateway/reply-response.ts'

it.each([
  [599, 599],
  [600, 502],
  [999, 502],
])('is an answer also where the target says %d', (told, status) => {
  const response = replyResponse({ status: told, headers: [['x-by', 'target']], body: null })
  expect([response.status, response.headers.get('x-by')]).toEqual([status, 'target'])
})
