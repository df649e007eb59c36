import tls from 'node:tls'
import { describe, expect, it, onTestFinished } from 'vitest'
import {
  fakeClock,
  flakyFetch,
  flakyUpstream,
  type FlakyUpstreamOptions,
  type UpstreamFault,
  upstreamFaults,
  type UpstreamTls,
} from '../../../src/testing/index.ts'
import { factsOf } from '../../errors/failure-facts.ts'
import { faultFacts } from './fault-facts.ts'

const all = Object.keys(upstreamFaults) as UpstreamFault[]
// These wait for something that does not come, or do not end: where time is real they need a signal.
const patient: readonly UpstreamFault[] = ['hang', 'body_stalls', 'body_endless']
const failing = all.filter((fault) => faultFacts[fault] !== undefined)
const onServers = failing.filter((fault) => !/^(dns|tls)_|^(refused|unreachable|connect_timeout)$/.test(fault))
const harmless = ['body_too_long', 'answered_twice'] as const
const body = 'as long as it takes'

async function served(options?: FlakyUpstreamOptions) {
  const upstream = await flakyUpstream(options)
  onTestFinished(() => upstream.close())
  return upstream
}

/** Reads an answer to its end, on as many connections as it takes to meet one that was used before. */
async function readRepeatedly(url: string, isDone: () => boolean): Promise<void> {
  for (let call = 0; call < 100 && !isDone(); call++) await (await fetch(url)).text()
}

describe('the faults of flakyFetch', () => {
  it.each(failing)('%s mean to the taxonomy what they are', async (fault) => {
    const clock = fakeClock()
    const upstream = flakyFetch({ clock }).on('/**', { fault, body })
    const call = async (): Promise<unknown> => (await upstream.fetch('https://api.example.com/')).text()
    if (fault === 'stale_connection') await call()
    expect(await factsOf(() => clock.runUntil(call()))).toEqual(faultFacts[fault])
  })

  it.each(harmless)('%s does no harm', async (fault) => {
    const { fetch } = flakyFetch().on('/**', { fault, body })
    expect(await (await fetch('https://api.example.com/')).text()).toBe(body)
  })
})

describe('the faults of flakyUpstream', () => {
  it.each(onServers.filter((fault) => !patient.includes(fault) && fault !== 'stale_connection'))(
    '%s mean to the taxonomy what they are',
    async (fault) => {
      const upstream = await served()
      upstream.on('/**', { fault, body })
      expect(await factsOf(async () => (await fetch(upstream.url)).text())).toEqual(faultFacts[fault])
    },
  )

  it('body_cut cuts a body off that there is not', async () => {
    const upstream = await served()
    upstream.on('/**', { fault: 'body_cut' })
    expect(await factsOf(async () => (await fetch(upstream.url)).text())).toEqual(faultFacts.body_cut)
  })

  it.each(harmless)('%s does no harm to fetch', async (fault) => {
    const upstream = await served()
    upstream.on('/**', { fault, body })
    expect(await (await fetch(upstream.url)).text()).toBe(body)
  })

  it('stale_connection hits requests on a connection that was used, and no others', async () => {
    const upstream = await served()
    upstream.on('/**', { fault: 'stale_connection', body })
    expect(await factsOf(() => readRepeatedly(upstream.url, () => false))).toEqual(faultFacts.stale_connection)
    const last = upstream.requests.at(-1)
    const before = upstream.requests.slice(0, -1)
    expect(before.map(({ connection }) => connection)).toContain(last?.connection)
    expect(new Set(before.map(({ connection }) => connection)).size).toBe(before.length)
  })

  it.each(patient)('%s lasts until the signal aborts', async (fault) => {
    const upstream = await served()
    const { signal, abort } = abortable()
    upstream.on('/**', { fault, body, chunkDelayMs: 1 })
    const call = async (): Promise<unknown> => {
      const response = await fetch(upstream.url, { signal })
      const pieces = (response.body ?? new ReadableStream()).getReader()
      for (
        let length = 0;
        length < body.length * 3;
        length += ((await pieces.read()) as { value: Uint8Array }).value.length
      )
        if (fault === 'body_stalls') abort()
      abort()
      return pieces.read()
    }
    if (fault === 'hang') upstream.on('/**', () => (queueMicrotask(abort), { fault }))
    await expect(call()).rejects.toBe('enough')
  })

  it('refuses connections while it is stopped, and takes them when it has started again', async () => {
    const upstream = await served()
    upstream.on('/**', { body })
    await upstream.stop()
    expect(await factsOf(() => fetch(upstream.url))).toEqual(faultFacts.refused)
    await upstream.start()
    expect(await (await fetch(upstream.url)).text()).toBe(body)
  })

  it.each<[UpstreamTls, UpstreamFault]>([
    ['expired', 'tls_expired'],
    ['not_yet_valid', 'tls_not_yet_valid'],
    ['wrong_host', 'tls_wrong_host'],
    ['self_signed', 'tls_self_signed'],
    ['cut', 'tls_cut'],
  ])('a certificate that is %s is refused as such by who trusts its authority', async (kind, fault) => {
    const upstream = await served({ tls: kind })
    trust(upstream.authority)
    expect(await factsOf(() => fetch(upstream.url))).toEqual(faultFacts[fault])
    expect(upstream.requests).toEqual([])
  })

  it('a valid certificate is accepted by who trusts its authority, and by nobody else', async () => {
    const upstream = await served({ tls: 'valid' })
    upstream.on('/**', { body })
    expect(await factsOf(() => fetch(upstream.url))).toEqual(faultFacts.tls_untrusted)
    trust(upstream.authority)
    expect(await (await fetch(upstream.url)).text()).toBe(body)
    expect(await (await fetch(`https://localhost:${upstream.port}/`)).text()).toBe(body)
  })
})

function abortable(): { readonly signal: AbortSignal; readonly abort: () => void } {
  const controller = new AbortController()
  return { signal: controller.signal, abort: () => controller.abort('enough') }
}

/** Makes this process trust an authority for the length of the test. */
function trust(authority: string | undefined): void {
  const before = tls.getCACertificates('default')
  tls.setDefaultCACertificates([...before, authority ?? ''])
  onTestFinished(() => tls.setDefaultCACertificates(before))
}
