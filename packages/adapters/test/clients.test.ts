import { InvalidOptionsError } from '@holdfast/core'
import { describe, expect, it } from 'vitest'
import { postgresBuffer, postgresIdempotencyStore, postgresStateStore } from '../src/postgres/index.ts'
import { redisBuffer, redisIdempotencyStore, redisStateStore } from '../src/redis/index.ts'

const query = async (): Promise<never> => Promise.reject(new Error('It is not asked.'))
const postgres = { query, transaction: query }
const redis = { defineCommand: query, eval: query, callBuffer: query }

type Make = (wrong: unknown) => unknown

const factories: readonly (readonly [title: string, option: string, make: Make])[] = [
  ['postgresBuffer', 'client', (client) => postgresBuffer(client as never, { name: 'inbox' })],
  ['postgresBuffer', 'clock', (clock) => postgresBuffer(postgres, { name: 'inbox', clock } as never)],
  ['postgresBuffer', 'listener', (listener) => postgresBuffer(postgres, { name: 'inbox', listener } as never)],
  ['postgresStateStore', 'client', (client) => postgresStateStore(client as never)],
  ['postgresIdempotencyStore', 'client', (client) => postgresIdempotencyStore(client as never)],
  ['redisBuffer', 'client', (client) => redisBuffer(client as never, { name: 'inbox' })],
  ['redisBuffer', 'clock', (clock) => redisBuffer(redis as never, { name: 'inbox', clock } as never)],
  [
    'redisBuffer',
    'waitAof.client',
    (client) => redisBuffer(redis as never, { name: 'inbox', waitAof: { client } } as never),
  ],
  ['redisStateStore', 'client', (client) => redisStateStore(client as never)],
  ['redisIdempotencyStore', 'client', (client) => redisIdempotencyStore(client as never)],
]

describe.each(factories)('%s', (_, option, make) => {
  it.each([
    {},
    { query: 1, transaction: 1 },
    { unsafe: true },
    { waitReady: Promise.resolve() },
    { totalCount: 0 },
    { escapeIdentifier: 1 },
    { eval: 1 },
    { defineCommand: 1, send: 1 },
    { listen: 1, on: 1, connect: 1 },
  ])(`refuses %j as \`${option}\`, before anything is asked`, (wrong) => {
    expect(() => make(wrong)).toThrow(InvalidOptionsError)
    expect(() => make(wrong)).toThrow(`Expected \`${option}\` to be a`)
  })
})

it('refuses a function that is no postgres.js as a client', () => {
  expect(() => postgresStateStore((() => postgres) as never)).toThrow('Expected `client` to be a Pool or Client of pg')
})
