import type { Clock, Random } from '@holdfast/core'

const MINUTE_MS = 60_000

// Every limited host lets this many requests through in each window.
const LIMIT = 20
const WINDOW_MS = 10_000

type Weather = 'well' | 'resets' | 'errors' | 'busy' | 'hangs'

const BAD_WEATHER: readonly Weather[] = ['resets', 'errors', 'busy', 'hangs']

/**
 * Many hosts with bad minutes: each is down for some minutes every few hours, in a way of its own. Hosts named `limited` keep
 * a limit and tell it; tokens that are not of this hour get a 401.
 */
export class SimulatedUpstream {
  /** Requests so far. */
  requests = 0
  readonly #clock: Clock
  readonly #random: Random
  readonly #windows = new Map<string, { endsAtMs: number; used: number }>()

  constructor(clock: Clock, random: Random) {
    this.#clock = clock
    this.#random = random
  }

  /** The token that is right now. */
  get token(): string {
    return `token-${Math.floor(this.#clock.now() / (60 * MINUTE_MS))}`
  }

  readonly fetch: typeof globalThis.fetch = async (input, init) => {
    this.requests++
    const { host, pathname } = new URL(input instanceof Request ? input.url : input)
    const signal = init?.signal ?? undefined
    const weather = this.#weatherOf(host)
    await this.#clock.sleep(weather === 'hangs' ? 20 * MINUTE_MS : this.#random.next() * 300, signal)
    if (weather === 'resets') throw connectionReset()
    if (weather === 'errors') return new Response('broken', { status: 500 })
    if (weather === 'busy') return new Response(null, { status: 503, headers: { 'retry-after': '7' } })
    const { authorization } = Object.fromEntries(new Headers(init?.headers))
    if (authorization !== undefined && authorization !== `Bearer ${this.token}`)
      return new Response('old token', { status: 401 })
    if (host.startsWith('limited')) return this.#limited(host)
    return this.#random.next() < 0.05 ? new Response(null, { status: 404 }) : new Response(`hello from ${pathname}`)
  }

  #limited(host: string): Response {
    const nowMs = this.#clock.monotonicMs()
    let window = this.#windows.get(host)
    if (window === undefined || window.endsAtMs <= nowMs) window = { endsAtMs: nowMs + WINDOW_MS, used: 0 }
    this.#windows.set(host, window)
    const resetSeconds = String(Math.ceil((window.endsAtMs - nowMs) / 1_000))
    if (window.used >= LIMIT) return new Response(null, { status: 429, headers: { 'retry-after': resetSeconds } })
    window.used++
    const headers = {
      'ratelimit-limit': `${LIMIT}`,
      'ratelimit-remaining': `${LIMIT - window.used}`,
      'ratelimit-reset': resetSeconds,
    }
    return new Response('counted', { headers })
  }

  #weatherOf(host: string): Weather {
    const hash = hashOf(host)
    const minute = Math.floor(this.#clock.monotonicMs() / MINUTE_MS) + (hash % 1_000)
    const everyMinutes = 60 + (hash % 120)
    const isDown = minute % everyMinutes < 1 + (hash % 5)
    return isDown ? (BAD_WEATHER[hash % BAD_WEATHER.length] ?? 'well') : 'well'
  }
}

/** What undici throws when a connection breaks. */
function connectionReset(): TypeError {
  const cause = Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET', syscall: 'read' })
  return new TypeError('fetch failed', { cause })
}

function hashOf(text: string): number {
  let hash = 0
  for (const character of text) hash = (hash * 31 + (character.codePointAt(0) ?? 0)) >>> 0
  return hash
}
