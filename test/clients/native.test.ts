import { request as httpRequest } from 'node:http'
import { request as httpsRequest } from 'node:https'
import { toIntegrationError } from '@holdfast/core'
import { Agent, interceptors, request } from 'undici'
import { canary, type ClientCall, describeClient } from './client-cases.ts'

const init = { method: 'POST' as const, body: JSON.stringify({ secret: canary }), headers: { 'x-secret': canary } }

// Neither of the two throws for a status, as the core does not for a Response.
const statuses = ['400', '401', '403', '404', '409', '422', '429 with Retry-After', '429 with a reset', '500', '503']
const noStatuses = Object.fromEntries([...statuses, 'a page instead of JSON'].map((title) => [title, 'skip'] as const))

describeClient({
  name: 'fetch',
  call: async ({ url, timeoutMs, signal }) => {
    const both = AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)])
    const response = await fetch(`${url}/?key=${canary}`, { ...init, signal: both })
    // What many wrappers of fetch do.
    if (!response.ok) throw Object.assign(new Error('The call failed.'), { response })
    return response.json()
  },
  toIntegrationError,
})

describeClient({
  name: 'undici',
  call: async ({ url, timeoutMs, signal }) => {
    const agent = new Agent({ headersTimeout: timeoutMs }).compose(interceptors.responseError())
    const { body } = await request(`${url}/?key=${canary}`, { ...init, signal, dispatcher: agent })
    return body.json()
  },
  toIntegrationError,
  // undici throws the same error before the headers and after.
  differs: { 'a truncated body': { code: 'connection_lost', delivery: 'unknown' } },
})

describeClient({
  name: 'node:http',
  call: ({ url, timeoutMs, signal }: ClientCall) =>
    new Promise((resolve, reject) => {
      const send = url.startsWith('https:') ? httpsRequest : httpRequest
      const { body, ...options } = init
      const outgoing = send(`${url}/?key=${canary}`, { ...options, signal, timeout: timeoutMs }, (response) => {
        const chunks: Buffer[] = []
        response.on('data', (chunk: Buffer) => chunks.push(chunk)).on('error', reject)
        response.on('end', () => resolve(chunks.length))
      })
      outgoing.on('timeout', () => outgoing.destroy(Object.assign(new Error('late'), { name: 'TimeoutError' })))
      outgoing.on('error', reject).end(body)
    }),
  toIntegrationError,
  differs: {
    ...noStatuses,
    'a page with 200': 'skip',
    // Node.js does not say that the headers had come.
    'a truncated body': { code: 'connection_lost', delivery: 'unknown' },
  },
})
