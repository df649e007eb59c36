import { Agent } from 'node:http'
import axios from 'axios'
import axiosRetry from 'axios-retry'
import got from 'got'
import type { Contender } from '../measure.ts'
import { versionOf } from '../report.ts'

/** Those that send with `node:http`, which costs less than `fetch`. The body is read as text. */
export function httpContenders(url: string): Contender[] {
  return [gotWithDefaults(url), axiosOverHttp(url)]
}

function gotWithDefaults(url: string): Contender {
  const instance = got.extend({
    agent: { http: new Agent({ keepAlive: true }) },
    timeout: { request: 10_000 },
    retry: { limit: 2 },
  })
  return {
    name: 'got',
    note: `${versionOf('got')} over node:http: its defaults, retry 2 among them, with timeout 10 s and a keep-alive agent`,
    call: async () => await instance(url).text(),
  }
}

function axiosOverHttp(url: string): Contender {
  const instance = axios.create({
    adapter: 'http',
    httpAgent: new Agent({ keepAlive: true }),
    timeout: 10_000,
    responseType: 'text',
  })
  axiosRetry(instance, { retries: 2, retryDelay: axiosRetry.exponentialDelay })
  return {
    name: 'axios + axios-retry',
    note: `${versionOf('axios')} over node:http, its default here, with timeout 10 s and a keep-alive agent; ${versionOf('axios-retry')}, retry 2 with exponential backoff`,
    call: async () => (await instance.get<string>(url)).data,
  }
}
