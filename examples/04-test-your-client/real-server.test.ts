import { integrationErrorOf } from '@holdfast/core'
import { type FlakyUpstream, flakyUpstream } from '@holdfast/core/testing'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { crmClient } from './crm-client.ts'

let upstream: FlakyUpstream

beforeEach(async () => {
  upstream = await flakyUpstream()
})
afterEach(() => upstream.close())

test('a contact is found though the connection is reset', async () => {
  upstream.on('GET /contacts/:id', [{ fault: 'reset' }, { body: { id: 7, name: 'Ada' } }])
  expect(await crmClient(upstream.url).contact(7)).toEqual({ id: 7, name: 'Ada' })
  expect(upstream.requests.map(({ path }) => path)).toEqual(['/contacts/7', '/contacts/7'])
})

test('a contact is never added twice, though nobody knows whether it was added', async () => {
  upstream.on('POST /contacts', { fault: 'reset' })
  await expect(crmClient(upstream.url).addContact('Ada')).rejects.toThrow('fetch failed')
  expect(upstream.requests).toHaveLength(1)
})

test('a CRM that never answers does not hold us up', async () => {
  upstream.on('/**', { fault: 'hang' })
  const failure = await crmClient(upstream.url, { deadlineMs: 100 })
    .contact(7)
    .catch((error: unknown) => error)
  expect(integrationErrorOf(failure)?.code).toBe('timeout')
})
