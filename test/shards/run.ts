/** Kills workers of a cluster with a shared directory; `--help` says how. */
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { howToKeep } from '../seeds/kept-seeds.ts'
import { runClusterTest } from './cluster-test.ts'

const USAGE = `Runs a cluster of receivers on one directory with shards, and kills its workers under load.

  --workers <n>   (default 3)
  --kills <n>     workers that are killed, each replaced by a new one (default 20)
  --events <n>    events, of 24 keys (default 20000)
  --seed <n>      (default: random, printed)
`

const { values } = parseArgs({
  args: process.argv.slice(2).filter((argument) => argument !== '--'),
  options: {
    workers: { type: 'string', default: '3' },
    kills: { type: 'string', default: '20' },
    events: { type: 'string', default: '20000' },
    seed: { type: 'string', default: String(1 + Math.floor(Math.random() * 2 ** 31)) },
    help: { type: 'boolean', default: false },
  },
})

if (values.help) process.stdout.write(USAGE)
else {
  const directory = mkdtempSync(join(tmpdir(), 'holdfast-cluster-'))
  process.stdout.write(`seed ${values.seed}, ${directory}\n`)
  const { books, adoptedAfterMs, ...counts } = await runClusterTest({
    directory,
    workers: Number(values.workers),
    keys: 24,
    eventsPerKey: Math.ceil(Number(values.events) / 24),
    kills: Number(values.kills),
    restart: true,
    seed: Number(values.seed),
    handlerMs: 5,
    leaseMs: 1_500,
    repeatRatio: 0.05,
    patienceMs: 120_000,
  })
  const { lost, reordered, overlapping, phantom, repeatedEffects } = books
  const violations = { lost, reordered, overlapping, phantom, repeatedEffects }
  const report = { ...counts, ...books, ...violations, storedTwice: books.storedTwice.length, adoptedAfterMs }
  process.stdout.write(`${JSON.stringify(report, null, 2)}\n`)
  if (Object.values(violations).some((found) => found.length > 0)) {
    process.stderr.write(`${howToKeep('cluster', Number(values.seed))}\n`)
    process.exitCode = 1
  }
}
