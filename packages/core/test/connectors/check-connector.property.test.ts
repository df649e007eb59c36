import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { checkConnector } from '../../src/connectors/check-connector.ts'
import type { Connector } from '../../src/connectors/connector.ts'
import { InvalidOptionsError } from '../../src/errors/invalid-options-error.ts'
import { createFetch } from '../../src/index.ts'

/** One of every kind of rule, to be spoiled. */
const sample: Connector = {
  id: 'sample',
  name: 'Sample',
  sources: [{ url: 'https://sample.example/docs', verifiedAt: '2026-01-31' }],
  http: { baseUrl: 'https://api.sample.example', hosts: ['api.sample.example'], idempotencyHeader: 'Idempotency-Key' },
  errors: [
    {
      when: { status: [403, 429], header: 'x-limit', equals: 'day' },
      then: { code: 'quota_exhausted', retryable: 'never' },
      example: { status: 403, headers: { 'x-limit': 'day' } },
    },
    {
      when: { status: 200, pointer: '/ok', in: [false, null] },
      then: { code: 'upstream_error' },
      example: { status: 200, body: { ok: false } },
    },
  ],
  endpoints: {
    'things.list': { method: 'GET', path: '/things' },
    'things.get': { method: 'GET', path: '/things/{id}' },
  },
  webhook: {
    verify: [
      {
        scheme: 'hmac',
        hash: 'sha256',
        encoding: 'hex',
        secret: { encoding: 'utf8' },
        signature: {
          from: 'header',
          name: 'x-signature',
          format: { kind: 'keyValue', separator: ',', key: 'v1' },
        },
        message: [{ part: 'timestamp' }, { part: 'literal', value: '.' }, { part: 'body' }],
        timestamp: { from: 'header', name: 'x-signature', key: 't', format: 'epoch_s', toleranceMs: 300_000 },
        vectors: [],
      },
    ],
  },
}

type Path = readonly string[]

function* pathsOf(value: unknown, path: Path = []): Generator<Path> {
  yield path
  if (typeof value !== 'object' || value === null) return
  for (const [key, child] of Object.entries(value)) yield* pathsOf(child, [...path, key])
}

function withValue(tree: unknown, [key, ...rest]: Path, value: unknown): unknown {
  if (key === undefined) return value
  const copy: unknown = Array.isArray(tree) ? [...(tree as unknown[])] : { ...(tree as object) }
  Reflect.set(copy as object, key, withValue(Reflect.get(tree as object, key), rest, value))
  return copy
}

const paths = [...pathsOf(sample)]
const spoiled = fc
  .array(fc.tuple(fc.constantFrom(...paths), fc.anything()), { minLength: 1, maxLength: 2 })
  .map((changes) =>
    changes.reduce<unknown>((tree, [path, value]) => {
      try {
        return withValue(tree, path, value)
      } catch {
        // The first change took away what the second one would change.
        return tree
      }
    }, sample),
  )

describe('checkConnector', () => {
  it('takes the sample as it is', () => {
    expect(checkConnector(sample)).toBe(sample)
  })

  it('refuses what is wrong with an InvalidOptionsError and nothing else, and createFetch takes what it accepts', () => {
    fc.assert(
      fc.property(fc.oneof(spoiled, fc.anything()), (value) => {
        try {
          checkConnector(value)
        } catch (error) {
          expect(error).toBeInstanceOf(InvalidOptionsError)
          expect((error as InvalidOptionsError).path).toMatch(/^connector/)
          return
        }
        expect(() => createFetch({ connector: value as Connector })).not.toThrow()
      }),
      { numRuns: 5_000 },
    )
  })
})
