import { createFetch, type FetchOptions } from '@holdfast/core'
import { describe, expect, it } from 'vitest'
import { aborts } from './aborts.ts'
import { answers, failures } from './answers.ts'
import { bodies } from './bodies.ts'
import { inputs } from './inputs.ts'
import { normalise } from './observe.ts'
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

/** What the program saw, and what the server saw of it. */
async function traceOf(program: Program, fetch: typeof globalThis.fetch): Promise<unknown> {
  const server = await recordingServer()
  try {
    const seen = await program({ fetch, url: server.url, server })
    return normalise({ seen, arrivals: server.arrivals }, server.port)
  } finally {
    await server.close().catch(() => {})
  }
}
