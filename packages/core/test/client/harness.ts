import { type Client, type ClientOptions, createClient } from '../../src/client/index.ts'
import type { Connector, IntegrationError } from '../../src/index.ts'
import { isIntegrationError } from '../../src/index.ts'
import {
  fakeClock,
  type FakeClock,
  type ScriptedAnswer,
  scriptedFetch,
  type ScriptedFetch,
  seededRandom,
} from '../../src/testing/index.ts'

export const baseUrl = 'https://api.example.com/v1'

export const acme = {
  id: 'acme',
  name: 'Acme',
  sources: [],
  http: { baseUrl, hosts: ['api.example.com', '*.eu.example.com'], requestIdHeader: 'x-acme-id' },
  errors: [
    {
      when: { status: 200, pointer: '/ok', equals: false },
      then: { code: 'invalid_request', reason: 'not_ok' },
      example: { status: 200, body: { ok: false } },
    },
    {
      when: { status: 404, pointer: '/error', equals: 'token_revoked' },
      then: { code: 'reauth_required' },
      example: { status: 404, body: { error: 'token_revoked' } },
    },
  ],
} as const satisfies Connector

export interface Harness {
  readonly client: Client
  readonly transport: ScriptedFetch
  readonly clock: FakeClock
  /** Moves the time until the work settles. */
  run<Result>(work: Promise<Result>): Promise<Result>
  /** Every item, the time moved for one after the other. */
  list<Item>(items: AsyncGenerator<Item>): Promise<Item[]>
  /** The error with which the work ends. */
  failure(work: Promise<unknown>): Promise<IntegrationError>
}

/** A client on a fake clock whose transport answers from a script. */
export function harness(
  answers: readonly [ScriptedAnswer, ...ScriptedAnswer[]],
  options: ClientOptions = { baseUrl },
): Harness {
  const clock = fakeClock()
  const transport = scriptedFetch(answers)
  const client = createClient({ fetch: transport, clock, random: seededRandom(7), ...options })
  const run = <Result>(work: Promise<Result>): Promise<Result> => clock.runUntil(work)
  const list = async <Item>(items: AsyncGenerator<Item>): Promise<Item[]> => {
    const collected: Item[] = []
    for (;;) {
      const { done, value } = await run(items.next())
      if (done) return collected
      collected.push(value as Item)
    }
  }
  return { client, transport, clock, run, list, failure: (work) => failureOf(run(work)) }
}

/** The error with which a promise is rejected; anything but an `IntegrationError` fails the test. */
export async function failureOf(work: Promise<unknown>): Promise<IntegrationError> {
  try {
    await work
  } catch (error) {
    if (isIntegrationError(error)) return error
    throw error
  }
  throw new Error('The promise was fulfilled.')
}

/** A JSON answer. */
export function json(body: unknown, status = 200, headers: Record<string, string> = {}): Response {
  return new Response(JSON.stringify(body), { status, headers: { 'content-type': 'application/json', ...headers } })
}

/** Answers by the URL of each request. */
export function pages(bodyOf: (url: URL) => Response): ScriptedAnswer {
  return ({ url }) => bodyOf(new URL(url))
}
