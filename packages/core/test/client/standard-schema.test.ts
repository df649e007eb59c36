import { describe, expect, it } from 'vitest'
import type { SchemaResult, StandardSchema } from '../../src/client/index.ts'
import { acme, harness, json } from './harness.ts'

/** A schema with the given result, as a library that follows the standard would make it. */
function schemaOf<Output>(
  check: (value: unknown) => SchemaResult<Output> | Promise<SchemaResult<Output>>,
): StandardSchema<Output> {
  return { '~standard': { version: 1, vendor: 'test', validate: check } }
}

const thing = schemaOf((value) => {
  const id = (value as { id?: unknown } | undefined)?.id
  if (typeof id === 'number') return { value: { id, seen: true } }
  return { issues: [{ message: `got ${String(id)}`, path: ['id'] }] }
})

describe('json with a schema', () => {
  it('gives what the schema makes of the body', async () => {
    const { client, run } = harness([json({ id: 1, more: 2 })])
    expect(await run(client.get('/x').json(thing))).toEqual({ id: 1, seen: true })
  })

  it('waits for a schema that answers later', async () => {
    const { client, run } = harness([json(1)])
    const later = schemaOf((value) => Promise.resolve({ value: [value] }))
    expect(await run(client.get('/x').json(later))).toEqual([1])
  })

  it('throws schema_mismatch that names where, and never what', async () => {
    const { client, failure } = harness([json({ id: 's3cret' })], { connector: acme })
    const error = await failure(client.get('/x').json(thing))
    expect(error).toMatchObject({
      code: 'schema_mismatch',
      reason: 'schema',
      integration: 'acme',
      upstream: { status: 200 },
    })
    expect(error.message).toBe('Acme answered 200, but not in the agreed shape: at /id.')
    expect(JSON.stringify(error)).not.toContain('s3cret')
    expect(error.cause).toEqual([{ message: 'got s3cret', path: ['id'] }])
  })

  it.each<[string, readonly (PropertyKey | { readonly key: PropertyKey })[][], string]>([
    ['the root', [[]], 'at its root'],
    ['objects as segments', [['items', { key: 0 }, { key: 'a/b~c' }]], 'at /items/0/a~1b~0c'],
    ['symbols', [[Symbol('s')]], 'at /Symbol(s)'],
    ['the same place twice', [['a'], ['a'], ['b']], 'at /a, /b'],
    ['many places', [['a'], ['b'], ['c'], ['d'], ['e'], ['f'], ['g']], 'at /a, /b, /c, /d, /e and 2 more'],
    ['a key that looks like a secret', [['sk_live_1234567890abcdef']], 'at /…'],
  ])('writes paths as pointers: %s', async (_, paths, text) => {
    const { client, failure } = harness([json({})])
    const schema = schemaOf(() => ({ issues: paths.map((path) => ({ message: '', path })) }))
    expect((await failure(client.get('/x').json(schema))).message).toContain(`: ${text}.`)
  })

  it('shows the schema undefined where there is no body', async () => {
    const { client, failure } = harness([new Response(null, { status: 204 })])
    expect((await failure(client.get('/x').json(thing))).reason).toBe('schema')
  })

  it.each<[string, unknown]>([
    [
      'throws',
      schemaOf(() => {
        throw new Error('defect')
      }),
    ],
    ['rejects', schemaOf(() => Promise.reject(new Error('defect')))],
    ['is none', {}],
    ['gives no result', schemaOf(() => undefined as never)],
  ])('throws configuration_error when the schema %s', async (_, schema) => {
    const { client, failure } = harness([json({})])
    expect(await failure(client.get('/x').json(schema as StandardSchema))).toMatchObject({
      code: 'configuration_error',
      reason: 'schema_failed',
      delivery: 'answered',
      cause: expect.any(Error),
    })
  })
})
