import { fakeClock, flakyFetch } from '@holdfast/core/testing'
import { expect, test } from 'vitest'
import { crmClient } from './crm-client.ts'

test('a hundred contacts are fetched within a limit of ten a minute, in no time', async () => {
  const clock = fakeClock()
  const upstream = flakyFetch({ clock })
    .on('GET /contacts/:id', { body: { id: 7, name: 'Ada' } })
    .limit('/**', { limit: 10, windowMs: 60_000, dialect: 'github' })
  const crm = crmClient('https://crm.example.com', { fetch: upstream.fetch, clock, deadlineMs: false })

  for (let id = 0; id < 100; id++) await clock.runUntil(crm.contact(id))

  expect(upstream.requests).toHaveLength(100)
  expect(upstream.requests.filter(({ isRefused }) => isRefused)).toEqual([])
  expect(clock.monotonicMs()).toBeGreaterThan(9 * 60_000)
})
