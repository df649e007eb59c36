import { IntegrationError } from '@holdfast/core'
import { describe, expect, test } from 'vitest'
import { postgresIdempotencyStore } from '../../src/postgres/postgres-idempotency-store.ts'
import { postgresStateStore } from '../../src/postgres/postgres-state-store.ts'

const words = 'what the server said'

/** An operation of each store on a client that throws this. */
function failing(thrown: unknown): Readonly<Record<string, () => Promise<unknown>>> {
  const client = { query: () => Promise.reject(thrown), transaction: () => Promise.reject(thrown) }
  const options = { owner: 'tester', leaseMs: 1_000, ttlMs: 1_000 }
  const [state, effects] = [postgresStateStore(client), postgresIdempotencyStore(client)]
  return { acquire: () => state.acquire('job', 1_000), begin: () => effects.begin('orders', 'evt', options) }
}

const ofServer = (code: string): Error => Object.assign(new Error(words), { code, severity: 'ERROR' })

describe('what the stores on PostgreSQL reject with', () => {
  test.each([
    ['28P01', { code: 'app_credentials_invalid', reason: 'password', delivery: 'not_sent' }],
    ['28000', { code: 'app_credentials_invalid', reason: 'not_authorized', delivery: 'not_sent' }],
    ['3D000', { code: 'configuration_error', reason: 'database_missing', delivery: 'not_sent' }],
    ['3F000', { code: 'configuration_error', reason: 'schema_missing', delivery: 'answered' }],
    ['42501', { code: 'permission_denied', reason: 'privilege', delivery: 'answered' }],
    ['25006', { code: 'upstream_unavailable', reason: 'read_only', delivery: 'answered' }],
    ['53100', { code: 'upstream_unavailable', reason: 'storage', delivery: 'answered' }],
    ['53300', { code: 'upstream_unavailable', reason: 'too_many_connections', delivery: 'not_sent' }],
    ['57P01', { code: 'upstream_unavailable', reason: 'shutdown', delivery: 'unknown' }],
    ['57P02', { code: 'upstream_unavailable', reason: 'crash', delivery: 'unknown' }],
    ['57P03', { code: 'upstream_unavailable', reason: 'starting', delivery: 'not_sent' }],
  ])('says what %s is, in no words of the server', async (state, described) => {
    const cause = ofServer(state)
    for (const call of Object.values(failing(cause))) {
      const error = await call().catch((thrown: unknown) => thrown)
      expect(error).toBeInstanceOf(IntegrationError)
      expect(error).toMatchObject({ ...described, upstream: { code: state }, cause })
      expect((error as Error).message).not.toContain(words)
    }
  })

  test.each([
    ['CONNECTION_CLOSED', { code: 'connection_lost', reason: 'closed_early', delivery: 'unknown' }],
    ['CONNECT_TIMEOUT', { code: 'connection_failed', reason: 'connect_timeout', delivery: 'not_sent' }],
    ['CONNECTION_ENDED', { code: 'canceled', reason: 'shutdown', delivery: 'not_sent' }],
    ['CONNECTION_DESTROYED', { code: 'canceled', reason: 'shutdown', delivery: 'unknown' }],
  ])('says what %s of postgres.js is', async (code, described) => {
    const thrown = Object.assign(new Error(`write ${code} 127.0.0.1:5432`), { code, errno: code })
    for (const call of Object.values(failing(thrown))) await expect(call()).rejects.toMatchObject(described)
  })

  test('finds what the server said in an error that a library has wrapped', async () => {
    const thrown = new Error('Failed query: select …', { cause: ofServer('42501') })
    for (const call of Object.values(failing(thrown)))
      await expect(call()).rejects.toMatchObject({ code: 'permission_denied', reason: 'privilege' })
  })

  test('is what was thrown where that is an IntegrationError', async () => {
    const thrown = new IntegrationError({ code: 'canceled', reason: 'shutdown', message: 'Over.', phase: 'local' })
    for (const call of Object.values(failing(thrown))) await expect(call()).rejects.toBe(thrown)
  })
})
