import { isIntegrationError } from '@holdfast/core'
import { createClient } from '@holdfast/core/client'
import type { UpstreamStep } from '@holdfast/core/testing'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { scriptedServer } from './scripted-server.ts'

const user = z.object({ id: z.number(), born: z.iso.date().transform((text) => new Date(text)) })

async function clientOf(...steps: readonly [UpstreamStep, ...UpstreamStep[]]) {
  const { url } = await scriptedServer(...steps)
  return createClient({ baseUrl: url })
}

describe('a client with zod', () => {
  it('gives what the schema makes of the body, typed', async () => {
    const client = await clientOf({ body: { id: 1, born: '2000-01-02', more: true } })
    const { id, born }: { id: number; born: Date } = await client.get('/me').json(user)
    expect([id, born.getUTCFullYear()]).toEqual([1, 2000])
  })

  it('waits for a schema that has to', async () => {
    const client = await clientOf({ body: { name: 'taken' } })
    const free = z.object({ name: z.string().refine((name) => Promise.resolve(name !== 'taken')) })
    const error: unknown = await client
      .get('/name')
      .json(free)
      .catch((thrown: unknown) => thrown)
    expect(isIntegrationError(error, 'schema_mismatch') && error.reason).toBe('schema')
  })

  it('throws where the body is not what was agreed, and no value of it', async () => {
    const client = await clientOf({ body: { id: 's3cret', born: 'yesterday' } })
    const error: unknown = await client
      .get('/me')
      .json(user)
      .catch((thrown: unknown) => thrown)
    expect(isIntegrationError(error, 'schema_mismatch')).toBe(true)
    expect((error as Error).message).toBe('The API answered 200, but not in the agreed shape: at /id, /born.')
    expect(JSON.stringify(error)).not.toMatch(/s3cret|yesterday/)
  })

  it('validates the items of a list', async () => {
    const client = await clientOf(
      { body: [{ id: 1, born: '2000-01-02' }], headers: { link: '</people?page=2>; rel="next"' } },
      { body: [{ id: 2, born: '2001-01-02' }] },
    )
    const years: number[] = []
    for await (const { born } of client.paginate('/people', { schema: user })) years.push(born.getUTCFullYear())
    expect(years).toEqual([2000, 2001])
  })
})
