import github from '@holdfast/adapters/connectors/github'
import { type Connector, createFetch } from '@holdfast/core'
import { Octokit } from '@octokit/core'
import { retry } from '@octokit/plugin-retry'
import { throttling } from '@octokit/plugin-throttling'
import Bottleneck from 'bottleneck'
import ky from 'ky'
import pRetry from 'p-retry'
import { versionOf } from '../report.ts'

/** Where a contender sends for one bucket, and what a provider documents of it. */
export interface LimitTarget {
  readonly baseUrl: string
  readonly perSecond: number
}

/** One of those that are put under the same limits. */
export interface LimitContender {
  readonly name: string
  readonly note: string
  /** `told`: every answer tells the limit as GitHub does. `silent`: only a 429 says something, `Retry-After: 1`. */
  readonly dialect: 'told' | 'silent'
  /** Makes what sends one request to a bucket, and rejects when it gives up. `transport` writes down what is sent. */
  readonly create: (target: LimitTarget, transport: typeof fetch) => () => Promise<unknown>
}

const DEADLINE_MS = 120_000

export const limitContenders: readonly LimitContender[] = [
  {
    name: 'createFetch, declared',
    note: 'a connector declares limit and window; the answers tell nothing',
    dialect: 'silent',
    create: ({ baseUrl, perSecond }, transport) => {
      const connector: Connector = {
        id: 'bench',
        name: 'Bench',
        sources: [{ url: 'https://bench.example/limits', verifiedAt: '2026-11-26' }],
        rateLimits: [{ id: 'calls', scope: 'connection', limit: { value: perSecond }, windowMs: { value: 1_000 } }],
      }
      const resilient = createFetch({ fetch: transport, connector, connection: baseUrl, deadlineMs: DEADLINE_MS })
      return async () => await answered(await resilient(`${baseUrl}/items`))
    },
  },
  {
    name: 'createFetch, told',
    note: 'the GitHub connector; the answers tell limit, remaining and reset',
    dialect: 'told',
    create: ({ baseUrl }, transport) => {
      const options = { fetch: transport, connector: github, connection: baseUrl, deadlineMs: DEADLINE_MS }
      const resilient = createFetch(options)
      return async () => await answered(await resilient(`${baseUrl}/items`))
    },
  },
  {
    name: 'createFetch, 429 alone',
    note: 'no connector; the answers tell nothing but a Retry-After with each 429',
    dialect: 'silent',
    create: ({ baseUrl }, transport) => {
      const resilient = createFetch({ fetch: transport, connection: baseUrl, deadlineMs: DEADLINE_MS })
      return async () => await answered(await resilient(`${baseUrl}/items`))
    },
  },
  {
    name: 'ky',
    note: `${versionOf('ky')}, its defaults: a 429 is repeated twice, after its Retry-After`,
    dialect: 'told',
    create: ({ baseUrl }, transport) => {
      const instance = ky.create({ fetch: transport })
      return async () => await instance(`${baseUrl}/items`).text()
    },
  },
  {
    name: 'ky, 50 retries',
    note: 'the same with a limit of 50 retries',
    dialect: 'told',
    create: ({ baseUrl }, transport) => {
      const instance = ky.create({ fetch: transport, retry: { limit: 50 } })
      return async () => await instance(`${baseUrl}/items`).text()
    },
  },
  {
    name: 'octokit',
    note: `@octokit/core ${versionOf('@octokit/core')} with plugin-throttling ${versionOf('@octokit/plugin-throttling')} and plugin-retry ${versionOf('@octokit/plugin-retry')}; onRateLimit: always again`,
    dialect: 'told',
    create: ({ baseUrl }, transport) => {
      const Client = Octokit.plugin(throttling, retry)
      const octokit = new Client({
        baseUrl,
        request: { fetch: transport },
        log: { debug() {}, info() {}, warn() {}, error() {} },
        throttle: { id: baseUrl, onRateLimit: () => true, onSecondaryRateLimit: () => true },
      })
      return async () => await octokit.request('GET /items')
    },
  },
  {
    name: 'bottleneck, reservoir',
    note: `${versionOf('bottleneck')} that is told the limit: a reservoir refilled every second, 20 ms apart; a 429 again after a second`,
    dialect: 'told',
    create: ({ baseUrl, perSecond }, transport) =>
      limited(baseUrl, transport, {
        reservoir: perSecond,
        reservoirRefreshAmount: perSecond,
        reservoirRefreshInterval: 1_000,
        minTime: 20,
      }),
  },
  {
    name: 'bottleneck, concurrency',
    note: 'as many at a time as are allowed per second, a frequent mistake; a 429 again after a second',
    dialect: 'told',
    create: ({ baseUrl, perSecond }, transport) => limited(baseUrl, transport, { maxConcurrent: perSecond }),
  },
  {
    name: 'p-retry',
    note: `${versionOf('p-retry')} around fetch, its defaults: 10 retries after 1 s, 2 s, 4 s …`,
    dialect: 'told',
    create:
      ({ baseUrl }, transport) =>
      async () =>
        await pRetry(async () => await answered(await transport(`${baseUrl}/items`))),
  },
]

function limited(
  baseUrl: string,
  transport: typeof fetch,
  options: Bottleneck.ConstructorOptions,
): () => Promise<unknown> {
  const limiter = new Bottleneck(options)
  limiter.on('failed', async (_error, { retryCount }) => (retryCount < 50 ? 1_000 : undefined))
  return async () => await limiter.schedule(async () => await answered(await transport(`${baseUrl}/items`)))
}

async function answered(response: Response): Promise<string> {
  const text = await response.text()
  if (!response.ok) throw new Error(`answered with ${response.status}`)
  return text
}
