import { type CoreEventMap, coreEvents, createFetch, type FetchOptions, type ResilientFetch } from '../../src/index.ts'
import {
  type EventRecorder,
  fakeClock,
  type FakeClock,
  recordEvents,
  type ScriptedAnswer,
  scriptedFetch,
  type ScriptedFetch,
  seededRandom,
} from '../../src/testing/index.ts'

export const url = 'https://api.example.com/v1/things?token=secret'

export interface Harness {
  readonly fetch: ResilientFetch
  readonly transport: ScriptedFetch
  readonly clock: FakeClock
  readonly heard: EventRecorder<CoreEventMap>
  /** Calls and moves the time until the call settles. */
  run(input?: string | URL | Request, init?: RequestInit): Promise<Response>
}

/** A fetch function on a fake clock whose transport answers from a script. */
export function harness(answers: readonly [ScriptedAnswer, ...ScriptedAnswer[]], options: FetchOptions = {}): Harness {
  const clock = fakeClock()
  const transport = scriptedFetch(answers)
  const fetch = createFetch({ fetch: transport, clock, random: seededRandom(7), ...options })
  const heard = recordEvents(fetch, Object.keys(coreEvents) as (keyof CoreEventMap)[])
  return { fetch, transport, clock, heard, run: (input = url, init) => clock.runUntil(fetch(input, init)) }
}

/** A fetch function that hedges after 100 ms, and whose requests are answered each after its milliseconds with its status. */
export function hedging(
  answers: readonly [readonly [number, number], ...(readonly [number, number])[]],
  options: FetchOptions = {},
): Harness {
  const later = ([ms, status]: readonly [number, number]): ScriptedAnswer => {
    return async ({ init }) => {
      await made.clock.sleep(ms, init?.signal ?? undefined)
      return answer(status, {}, `${ms}`)
    }
  }
  const [first, ...others] = answers
  const made = harness([later(first), ...others.map(later)], { hedge: { delayMs: 100 }, ...options })
  return made
}

export function answer(status: number, headers: Record<string, string> = {}, body = ''): Response {
  return new Response(status === 204 ? null : body, { status, headers })
}

/** What undici throws when the connection breaks while the answer is awaited. */
export function connectionReset(): TypeError {
  return new TypeError('fetch failed', {
    cause: Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET', syscall: 'read' }),
  })
}

/** What undici throws when nobody listens there. */
export function connectionRefused(address = '192.0.2.1', port = 443): TypeError {
  const facts = { code: 'ECONNREFUSED', syscall: 'connect', address, port }
  return new TypeError('fetch failed', { cause: Object.assign(new Error('connect ECONNREFUSED'), facts) })
}

/** What undici throws when `hostname` is unknown. */
export function nameNotFound(hostname: string): TypeError {
  const facts = { code: 'ENOTFOUND', syscall: 'getaddrinfo', hostname }
  return new TypeError('fetch failed', { cause: Object.assign(new Error('getaddrinfo ENOTFOUND'), facts) })
}

/** What a promise rejects with. */
export async function rejectionOf(promise: Promise<unknown>): Promise<unknown> {
  try {
    await promise
  } catch (error) {
    return error
  }
  throw new Error('The promise was fulfilled.')
}
