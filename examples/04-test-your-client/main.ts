import { flakyUpstream } from '@holdfast/core/testing'
import { crmClient } from './crm-client.ts'

// A real server on this machine, with bad days: a reset, a maintenance, and a limit of three requests a second.
const upstream = await flakyUpstream()
upstream
  .on('GET /contacts/:id', [
    { fault: 'reset' },
    { status: 503, headers: { 'retry-after': '0' } },
    ({ path }) => ({ body: { id: Number(path.split('/').at(-1)), name: 'Ada' } }),
  ])
  .limit('/**', { limit: 3, windowMs: 1_000, dialect: 'ratelimit_draft_08' })

const crm = crmClient(upstream.url)
for (const id of [1, 2, 3]) console.log(await crm.contact(id))

const seen = upstream.requests.map(({ path, status, fault }) => `${path} ${fault ?? status}`)
console.log(seen.join('\n'))
await upstream.close()
