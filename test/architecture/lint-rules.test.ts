import { spawnSync } from 'node:child_process'
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

const root = join(import.meta.dirname, '../..')

interface Probe {
  /** Where in the repository the line stands. */
  readonly file: string
  readonly line: string
  /** The rule that must refuse it; absent when the line is allowed there. */
  readonly rule?: string
}

const importsRule = 'eslint(no-restricted-imports)'
const refused = (file: string, specifier: string): Probe => ({
  file,
  line: `import type { X } from '${specifier}'\nexport type Y = X`,
  rule: importsRule,
})
const allowed = (file: string, specifier: string): Probe => ({
  file,
  line: `import { x } from '${specifier}'\nexport const y = x`,
})

const probes: readonly Probe[] = [
  // core
  refused('packages/core/src/fetch/create-fetch.ts', '@holdfast/webhook-receiver'),
  refused('packages/core/src/fetch/create-fetch.ts', 'node:crypto'),
  refused('packages/core/src/fetch/create-fetch.ts', '../testing/index.ts'),
  refused('packages/core/src/fetch/create-fetch.ts', 'opossum'),
  allowed('packages/core/src/fetch/create-fetch.ts', '../retry/retry.ts'),
  ...['abort', 'random', 'time'].flatMap((folder) => [
    refused(`packages/core/src/${folder}/a.ts`, '../events/emitter.ts'),
    refused(`packages/core/src/${folder}/a.ts`, 'ky'),
    allowed(`packages/core/src/${folder}/a.ts`, './b.ts'),
  ]),
  ...['connectors', 'errors', 'events', 'limit-reading', 'options', 'state'].flatMap((folder) => [
    refused(`packages/core/src/${folder}/a.ts`, '../retry/retry.ts'),
    refused(`packages/core/src/${folder}/a.ts`, '../fetch/create-fetch.ts'),
    refused(`packages/core/src/${folder}/a.ts`, 'eventemitter3'),
    allowed(`packages/core/src/${folder}/a.ts`, '../time/clock.ts'),
  ]),
  allowed('packages/core/src/limit-reading/structured-fields.ts', 'structured-headers'),
  refused('packages/core/src/limit-reading/structured-fields.ts', 'ky'),
  refused('packages/core/src/rate-limit/a.ts', 'structured-headers'),
  allowed('packages/core/src/events/emitter.ts', 'eventemitter3'),
  refused('packages/core/src/events/emitter.ts', 'ky'),
  refused('packages/core/src/events/emitter.ts', '../retry/retry.ts'),
  ...policyPairs().map(([from, to]) => refused(`packages/core/src/${from}/a.ts`, `../${to}/b.ts`)),
  refused('packages/core/src/retry/a.ts', '../fetch/create-fetch.ts'),
  refused('packages/core/src/retry/a.ts', 'p-retry'),
  allowed('packages/core/src/retry/drive-attempts.ts', 'p-retry'),
  refused('packages/core/src/retry/drive-attempts.ts', '../timeout/call-signal.ts'),
  allowed('packages/core/src/circuit-breaker/circuit-breaker.ts', 'opossum'),
  refused('packages/core/src/retry/a.ts', 'node:timers'),
  allowed('packages/core/src/retry/a.ts', '../errors/codes.ts'),
  refused('packages/core/src/retry/a.ts', '../client/create-client.ts'),
  refused('packages/core/src/client/create-client.ts', 'ky'),
  refused('packages/core/src/client/create-client.ts', '../testing/index.ts'),
  allowed('packages/core/src/client/create-client.ts', '../fetch/create-fetch.ts'),
  allowed('packages/core/src/client/ky-request.ts', 'ky'),
  refused('packages/core/src/client/ky-request.ts', 'p-retry'),
  refused('packages/core/src/client/ky-request.ts', './create-client.ts'),
  // webhook-receiver
  refused('packages/webhook-receiver/src/receiver/a.ts', '@holdfast/adapters/express'),
  refused('packages/webhook-receiver/src/receiver/a.ts', '@holdfast/core/testing'),
  refused('packages/webhook-receiver/src/receiver/a.ts', 'node:crypto'),
  refused('packages/webhook-receiver/src/receiver/a.ts', '../disk/disk-buffer.ts'),
  refused('packages/webhook-receiver/src/receiver/a.ts', '../testing/index.ts'),
  allowed('packages/webhook-receiver/src/receiver/a.ts', '@holdfast/core'),
  allowed('packages/webhook-receiver/src/disk/a.ts', 'node:path'),
  allowed('packages/webhook-receiver/src/disk/a.ts', '../buffer/event-buffer.ts'),
  refused('packages/webhook-receiver/src/disk/a.ts', 'node:fs'),
  refused('packages/webhook-receiver/src/disk/a.ts', 'node:fs/promises'),
  refused('packages/webhook-receiver/src/disk/a.ts', '../receiver/receiver.ts'),
  allowed('packages/webhook-receiver/src/disk/dedupe/a.ts', '../seq.ts'),
  allowed('packages/webhook-receiver/src/disk/dedupe/a.ts', '../../buffer/event-buffer.ts'),
  refused('packages/webhook-receiver/src/disk/dedupe/a.ts', '../../receiver/receiver.ts'),
  refused('packages/webhook-receiver/src/disk/dedupe/a.ts', 'node:fs/promises'),
  allowed('packages/webhook-receiver/src/disk/node-file-system.ts', 'node:fs'),
  refused('packages/webhook-receiver/src/disk/node-file-system.ts', '../buffer/event-buffer.ts'),
  allowed('packages/webhook-receiver/src/cli/a.ts', 'node:process'),
  refused('packages/webhook-receiver/src/cli/a.ts', '@holdfast/adapters/express'),
  // adapters
  refused('packages/adapters/src/hono/index.ts', '../express/index.ts'),
  refused('packages/adapters/src/hono/index.ts', '@holdfast/adapters/express'),
  refused('packages/adapters/src/hono/index.ts', '@holdfast/core/testing'),
  allowed('packages/adapters/src/hono/index.ts', '../node-http/index.ts'),
  allowed('packages/adapters/src/hono/index.ts', '@holdfast/webhook-receiver'),
  { ...allowed('packages/adapters/src/connectors/github.ts', '@holdfast/core'), rule: importsRule },
  {
    file: 'packages/adapters/src/connectors/github.ts',
    line: `import type { Connector } from '@holdfast/core'\nexport type X = Connector`,
  },
  refused('packages/adapters/src/connectors/github.ts', './gitlab.ts'),
  allowed('packages/adapters/src/connectors/github.ts', './github.json'),
  // tests and examples
  refused('packages/core/test/a.test.ts', '../../webhook-receiver/src/index.ts'),
  refused('packages/core/test/a.test.ts', '@holdfast/webhook-receiver'),
  refused('packages/webhook-receiver/test/a.test.ts', '../../core/src/index.ts'),
  refused('packages/adapters/test/express/a.test.ts', '../../../core/src/index.ts'),
  allowed('packages/webhook-receiver/test/a.test.ts', '@holdfast/core/testing'),
  refused('test/e2e/a.test.ts', '../../packages/core/src/index.ts'),
  refused('examples/01-a/main.ts', '../../packages/core/src/index.ts'),
  allowed('test/e2e/a.test.ts', '@holdfast/core/testing'),
  // time, randomness, output and the process
  ...[
    ['setTimeout(run, 1)', 'eslint(no-restricted-globals)'],
    ['setInterval(run, 1)', 'eslint(no-restricted-globals)'],
    ['setImmediate(run)', 'eslint(no-restricted-globals)'],
    ['run(Date.now())', 'eslint(no-restricted-properties)'],
    ['run(performance.now())', 'eslint(no-restricted-properties)'],
    ['run(AbortSignal.timeout(1))', 'eslint(no-restricted-properties)'],
    ['run(Math.random())', 'eslint(no-restricted-properties)'],
    [`process.on('exit', run)`, 'eslint(no-restricted-properties)'],
    [`console.log('x')`, 'eslint(no-console)'],
  ].flatMap(([call, rule]) =>
    ['core/src/fetch', 'webhook-receiver/src/drain', 'adapters/src/express'].map((folder) => ({
      file: `packages/${folder}/a.ts`,
      line: `export function x(run: (value?: unknown) => void): void {\n  run()\n  ${call}\n}`,
      rule: rule ?? '',
    })),
  ),
  { file: 'packages/core/src/time/a.ts', line: 'export const now = (): number => Date.now()' },
  { file: 'packages/core/src/random/a.ts', line: 'export const next = (): number => Math.random()' },
  // shape
  { file: 'packages/core/src/fetch/a.ts', line: 'export default 1', rule: 'import(no-default-export)' },
  { file: 'packages/core/src/fetch/CreateFetch.ts', line: 'export const x = 1', rule: 'unicorn(filename-case)' },
  { file: 'packages/core/src/fetch/a.ts', line: 'export type X = any', rule: 'typescript(no-explicit-any)' },
]

describe('.oxlintrc.json', () => {
  let directory: string
  let found: ReadonlyMap<number, readonly string[]>

  beforeAll(() => {
    directory = mkdtempSync(join(tmpdir(), 'holdfast-lint-'))
    // A tree with its own copy of the configuration per probe, so that several can stand at one path; one run reads them all.
    probes.forEach(({ file, line }, index) => {
      const target = join(directory, String(index), file)
      mkdirSync(dirname(target), { recursive: true })
      writeFileSync(target, `${line}\n`)
      copyFileSync(join(root, '.oxlintrc.json'), join(directory, String(index), '.oxlintrc.json'))
    })
    found = lint(directory)
  }, 60_000)

  afterAll(() => rmSync(directory, { recursive: true, force: true }))

  it.each(probes.map((probe, index) => [describeProbe(probe), probe, index] as const))('%s', (_, probe, index) => {
    expect(found.get(index) ?? []).toEqual(probe.rule === undefined ? [] : [probe.rule])
  })

  it('refuses a cycle that only types make', () => {
    const tree = join(directory, 'cycle')
    mkdirSync(tree)
    copyFileSync(join(root, '.oxlintrc.json'), join(tree, '.oxlintrc.json'))
    writeFileSync(join(tree, 'a.ts'), `import type { B } from './b.ts'\nexport type A = B | 1\n`)
    writeFileSync(join(tree, 'b.ts'), `import type { A } from './a.ts'\nexport type B = A | 2\n`)
    expect(runOxlint(tree).map(({ code }) => code)).toEqual(['import(no-cycle)', 'import(no-cycle)'])
  })
})

function policyPairs(): readonly (readonly [string, string])[] {
  const policies = ['auth', 'bulkhead', 'circuit-breaker', 'idempotency', 'rate-limit', 'retry', 'timeout']
  return policies.flatMap((from) => policies.filter((to) => to !== from).map((to) => [from, to] as const))
}

function describeProbe({ file, line, rule }: Probe): string {
  const subject = /from '(.+)'/.exec(line)?.[1] ?? line.split('\n').at(2)?.trim() ?? line
  return `${rule === undefined ? 'allows' : 'refuses'} ${subject} in ${file}`
}

/** The rules broken per probe. */
function lint(directory: string): ReadonlyMap<number, readonly string[]> {
  const found = new Map<number, string[]>()
  for (const { code, filename } of runOxlint(directory)) {
    const index = Number(filename.split('/')[0])
    found.set(index, [...(found.get(index) ?? []), code])
  }
  return found
}

interface Diagnostic {
  readonly code: string
  readonly filename: string
}

function runOxlint(cwd: string): readonly Diagnostic[] {
  const oxlint = join(root, 'node_modules/oxlint/bin/oxlint')
  const { stdout, stderr } = spawnSync(process.execPath, [oxlint, '--format', 'json', '.'], { cwd, encoding: 'utf8' })
  if (!stdout.trimStart().startsWith('{')) throw new Error(`oxlint did not report: ${stdout}${stderr}`)
  return (JSON.parse(stdout) as { readonly diagnostics: readonly Diagnostic[] }).diagnostics
}
