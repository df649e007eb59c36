import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { describe, expect, it } from 'vitest'
import { findProgram } from '../clients/service-process.ts'
import { canSlowSyncs } from './slow-sync.ts'

const RUN_PATH = fileURLToPath(new URL('./run.ts', import.meta.url))

/** A second column of one of these titles belongs to the name. */
const GROUPING = new Set(['concurrency', 'keys', 'load'])

/** A figure, with its interval where it has one. */
const FIGURE = /^-?[\d,]+(\.\d+)?( \[-?\d+\.\d+, -?\d+\.\d+\])?$/

/** The figures of a printed table by the text of its leading columns. */
function rowsOf(output: string, title: string): Map<string, string[]> {
  const section = output.split('\n## ').find((part) => part.startsWith(title)) ?? ''
  const [titles = [], ...rows] = section
    .split('\n')
    .filter((line) => line.startsWith('| '))
    .map((line) =>
      line
        .split('|')
        .slice(1, -1)
        .map((cell) => cell.trim()),
    )
  const isGrouped = GROUPING.has(titles[1] ?? '')
  return new Map(rows.map(([name = '', ...figures]) => [isGrouped ? `${name} @ ${figures.shift()}` : name, figures]))
}

describe('the benchmark', () => {
  it('prints every row of every section in a quick run', { timeout: 300_000 }, async () => {
    const run = promisify(execFile)
    const { stdout } = await run(process.execPath, ['--conditions=@holdfast/source', RUN_PATH, '--quick'])
    const overFetch = [
      'fetch',
      'fetch again (A/A)',
      'fetch + timeout',
      'createFetch',
      'ky',
      'axios (fetch) + axios-retry',
      'cockatiel + fetch',
      'ky + opossum + p-retry',
    ]
    const overLoopback = [1, 32].flatMap((concurrency) =>
      [...overFetch, 'got', 'axios + axios-retry'].map((contender) => `${contender} @ ${concurrency}`),
    )
    const underLimits = [
      'createFetch, declared',
      'createFetch, told',
      'createFetch, 429 alone',
      'ky',
      'ky, 50 retries',
      'octokit',
      'bottleneck, reservoir',
      'bottleneck, concurrency',
      'p-retry',
    ]
    const durable = [
      'by hand',
      'nodeHttpWebhooks',
      'nodeHttpWebhooks, drained',
      'with SQLite',
      'with SQLite, drained',
      ...(findProgram('redis-server') === undefined ? [] : ['BullMQ']),
      ...(findProgram('initdb') === undefined ? [] : ['pg-boss']),
    ]
    const expected = {
      "Outbound: a GET over loopback, answered with GitHub's headers": overLoopback,
      'Outbound: a GET over loopback, answered with no header': overLoopback,
      'Outbound: own overhead over a stub fetch': overFetch,
      'Keys: cost of a call by the number of hosts': [
        'createFetch',
        'a Map and a count per key',
        'a Map and an array per key',
        'cockatiel in a Map',
        'bottleneck Group',
      ].flatMap((contender) => [`${contender} @ uniform`, `${contender} @ Zipf`]),
      'Memory of an idle key': [
        'createFetch, a host',
        'createFetch, breaker',
        'createFetch, breaker after a failure',
        'createFetch, bucket',
        'createFetch, bucket that was told',
        'createFetch, bucket that was declared',
        'createFetch, all policies',
        'opossum',
        'cockatiel',
        'bottleneck',
      ],
      'Limits: callers who want more than is allowed': ['one limit', 'three limits'].flatMap((load) =>
        underLimits.map((contender) => `${contender} @ ${load}`),
      ),
      'Inbound: verification': [
        ...['createHmac', 'Holdfast', 'Holdfast, WebCrypto', 'stripe, text', 'stripe, bytes', 'stripe, WebCrypto'].map(
          (contender) => `Stripe: ${contender}`,
        ),
        ...['createHmac', 'Holdfast', 'Holdfast, WebCrypto', '@octokit/webhooks-methods'].map(
          (contender) => `GitHub: ${contender}`,
        ),
        ...['createHmac', 'Holdfast', 'Holdfast, WebCrypto', 'standardwebhooks', 'svix'].map(
          (contender) => `Standard Webhooks: ${contender}`,
        ),
      ],
      'Inbound: verification with several secrets': [1, 2, 5, 10].flatMap((count) => [
        `first of ${count}`,
        `last of ${count}`,
      ]),
      'Inbound: durable accept over HTTP, 64 connections': [
        'node:http',
        ...durable,
        'express',
        'expressWebhooks, drained',
      ],
      ...(canSlowSyncs()
        ? { 'Inbound: durable accept over HTTP, every sync 5 ms later, 64 connections': durable }
        : {}),
      ...(findProgram('redis-server') === undefined
        ? {}
        : {
            'Inbound: durable accept over HTTP on Redis, 64 connections': [
              'bullmq',
              'redisBuffer',
              'bullmq, drained',
              'redisBuffer, drained',
            ],
            'Inbound: drain of a backlog on Redis to an in-process handler': [
              'bullmq, in order',
              'redisBuffer, in order',
              'redisBuffer, 1,000 keys',
            ],
            'Inbound: cost of an append on Redis, by what is stored': ['1,000', '20,000'],
          }),
      ...(findProgram('initdb') === undefined
        ? {}
        : { 'Inbound: durable accept over HTTP on PostgreSQL, 64 connections': ['pg-boss', 'postgresBuffer'] }),
      'Inbound: group commit, append only': [
        'write + fdatasync @ 1',
        ...[1, 64, 256].map((concurrency) => `diskBuffer.append @ ${concurrency}`),
      ],
      'Inbound: drain of a backlog to an in-process handler': [
        '1,000 keys, concurrency 64',
        'the same, while one of the keys fails for ever',
        'total order, concurrency 1',
        'writes of 64 bytes, one after another',
      ],
      ...(findProgram('initdb') === undefined
        ? {}
        : {
            'Inbound: drain of a backlog on PostgreSQL to an in-process handler': [
              'pg-boss, key_strict_fifo',
              'postgresBuffer',
            ],
            'Inbound: cost of an append on PostgreSQL, by what is stored': ['1,000', '20,000'],
          }),
    }
    for (const [title, names] of Object.entries(expected)) {
      const rows = rowsOf(stdout, title)
      expect([...rows.keys()], title).toEqual(names)
      for (const [name, figures] of rows) {
        for (const figure of figures) expect(figure, `${title}: ${name}`).toMatch(FIGURE)
      }
    }
    expect(stdout).toContain(`Node ${process.version}`)
  })
})
