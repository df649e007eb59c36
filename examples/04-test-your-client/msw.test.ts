import { flakyHandlers } from '@holdfast/core/testing'
import { http, HttpResponse } from 'msw'
import { setupServer } from 'msw/node'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { crmClient } from './crm-client.ts'

const upstream = flakyHandlers({ http, HttpResponse }, 'https://crm.example.com')
const server = setupServer(...upstream.handlers)

beforeAll(() => server.listen())
afterAll(() => server.close())

test('a contact is found after a maintenance, and after an answer that broke off', async () => {
  upstream.on('GET /contacts/:id', [
    { status: 503, headers: { 'retry-after': '0' } },
    { fault: 'body_cut', body: { id: 7, name: 'Ada' } },
    { body: { id: 7, name: 'Ada' } },
  ])
  const crm = crmClient('https://crm.example.com')
  await expect(crm.contact(7)).rejects.toThrow('terminated')
  expect(await crm.contact(7)).toEqual({ id: 7, name: 'Ada' })
  expect(upstream.requests.map(({ status, fault }) => fault ?? status)).toEqual([503, 'body_cut', 200])
})
