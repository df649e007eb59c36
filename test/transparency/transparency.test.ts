import { createFetch, type FetchOptions } from '@holdfast/core'
import { getEventListeners } from 'node:events'
import { fetch as foreignFetch } from 'undici'
import { describe, expect, it, vi } from 'vitest'
import { aborts } from './aborts.ts'
import { answers, failures } from './answers.ts'
import { bodies } from './bodies.ts'
import { foreignInputs, inputs } from './inputs.ts'
import { normalise, showError } from './observe.ts'
import type { Program, Programs } from './program.ts'
import { recordingServer } from './recording-server.ts'
import { refusedArguments } from './refused-arguments.ts'

const withoutRetries: Readonly<Record<string, FetchOptions>> = {
  'every policy on but retries': { retry: false, bulkhead: {} },
  'no time limits and no retries': { retry: false, deadlineMs: false, attemptTimeoutMs: false },
  'every policy off': {
    retry: false,
    rateLimit: false,
    breaker: false,
    deadlineMs: false,
    attemptTimeoutMs: false,
  },
}

const withRetries: Readonly<Record<string, FetchOptions>> = { ...withoutRetries, 'the defaults': {} }

const tables: readonly (readonly [string, Programs, Readonly<Record<string, FetchOptions>>])[] = [
  ['asked with', inputs, withRetries],
  ['given as the body', bodies, withRetries],
  ['given what it refuses', refusedArguments, withRetries],
  ['aborted', aborts, withRetries],
  ['answered with', answers, withRetries],
  ['failing with', failures, withoutRetries],
]

describe.each(tables)('createFetch is what fetch is, %s', (_, programs, variants) => {
  describe.each(Object.entries(programs))('%s', (_title, program) => {
    it.each(Object.entries(variants))('under %s', async (_name, options) => {
      expect(await traceOf(program, createFetch(options))).toEqual(await traceOf(program, globalThis.fetch))
    })
  })
})

describe.each([
  ['asked with', { ...inputs, ...foreignInputs }],
  ['given as the body', bodies],
  ['aborted', aborts],
  ['answered with', answers],
])('createFetch over the fetch of another copy of undici is what that is, %s', (_, programs) => {
  it.each(Object.entries(programs))('%s', async (_title, program) => {
    const transport = foreignFetch as typeof globalThis.fetch
    const ours = createFetch({ retry: false, bulkhead: {}, fetch: transport })
    expect(await traceOf(program, ours)).toEqual(await traceOf(program, transport))
  })
})

describe.each([
  ['asked with', inputs],
  ['given as the body', bodies],
])('createFetch in the place of the global fetch is what that was, %s', (_, programs) => {
  it.each(Object.entries(programs))('%s', async (_title, program) => {
    const bare = globalThis.fetch
    const expected = await traceOf(program, bare)
    globalThis.fetch = createFetch({ retry: false })
    try {
      expect(await traceOf(program, globalThis.fetch)).toEqual(expected)
    } finally {
      globalThis.fetch = bare
    }
  })
})

it('createFetch leaves no listener on a signal after the body has ended, where the transport leaves none', async () => {
  const server = await recordingServer()
  const { signal } = new AbortController()
  try {
    const ours = createFetch({ retry: false, fetch: foreignFetch as typeof globalThis.fetch })
    for (let call = 0; call < 3; call++) await (await ours(`${server.url}/echo`, { signal })).text()
    await vi.waitFor(() => expect(getEventListeners(signal, 'abort')).toHaveLength(0))
  } finally {
    await server.close()
  }
})

/** What the program saw, and what the server saw of it. */
async function traceOf(program: Program, fetch: typeof globalThis.fetch): Promise<unknown> {
  const server = await recordingServer()
  try {
    const seen = await observed(program({ fetch, url: server.url, server }))
    return normalise({ seen, arrivals: server.arrivals }, server.port)
  } finally {
    await server.close().catch(() => {})
  }
}

async function observed(outcome: Promise<unknown>): Promise<unknown> {
  try {
    return await outcome
  } catch (error) {
    return { failed: showError(error) }
  }
}
