import { createHmac } from 'node:crypto'
import { expect, vi } from 'vitest'

/** Posts webhooks for `programs/inbox.ts` all at once, and waits until GET at the same address says that all were delivered. */
export async function expectDelivered(url: string, count: number): Promise<void> {
  const bodies = Array.from({ length: count }, (_, index) => `{"n":${index}}`)
  const statuses = await Promise.all(bodies.map((body) => post(url, body)))
  expect(new Set(statuses)).toEqual(new Set([200]))
  await vi.waitFor(
    async () => {
      const delivered = (await (await fetch(url)).json()) as readonly string[]
      expect(delivered.toSorted()).toEqual(bodies.toSorted())
    },
    { timeout: 10_000, interval: 100 },
  )
}

async function post(url: string, body: string): Promise<number> {
  const signature = createHmac('sha256', 'secret').update(body).digest('hex')
  const headers = { 'x-hub-signature-256': `sha256=${signature}`, 'x-github-delivery': body }
  return (await fetch(url, { method: 'POST', headers, body })).status
}
