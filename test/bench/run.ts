/** Runs the benchmark from the command line; `--help` says how. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { findProgram } from '../clients/service-process.ts'
import { durableAcceptOnPostgres } from './accept-postgres.ts'
import { durableAcceptOnRedis } from './accept-redis.ts'
import { durableAccept, durableAcceptOnSlowDisk } from './accept.ts'
import { groupCommit } from './append.ts'
import { drainOnRedis } from './drain-redis.ts'
import { drainOnPostgres } from './drain-postgres.ts'
import { drainBacklog } from './drain.ts'
import { costByKeys } from './keys.ts'
import { callersUnderLimits } from './limits.ts'
import { memoryPerKey } from './memory.ts'
import { outboundOverLoopback, outboundOverStub } from './outbound.ts'
import { appendsByStoredOnPostgres } from './stored-postgres.ts'
import { appendsByStored } from './stored-redis.ts'
import { verifySecrets, verifySpeed } from './verify.ts'
import { renderEnvironment, renderSection, type Section } from './report.ts'
import { canSlowSyncs } from './slow-sync.ts'

const SECTIONS: Readonly<Record<string, (quick: boolean) => Promise<Section>>> = {
  loopback: async (quick) => await outboundOverLoopback(quick, 'github'),
  plain: async (quick) => await outboundOverLoopback(quick, 'plain'),
  stub: outboundOverStub,
  keys: costByKeys,
  memory: memoryPerKey,
  limits: callersUnderLimits,
  verify: verifySpeed,
  secrets: verifySecrets,
  accept: durableAccept,
  'accept-slow': durableAcceptOnSlowDisk,
  'accept-redis': durableAcceptOnRedis,
  'accept-postgres': durableAcceptOnPostgres,
  'drain-redis': drainOnRedis,
  'stored-redis': appendsByStored,
  append: groupCommit,
  drain: drainBacklog,
  'drain-postgres': drainOnPostgres,
  'stored-postgres': appendsByStoredOnPostgres,
}

const USAGE = `Measures Holdfast beside its alternatives and prints tables.

  --quick           fewer and shorter rounds; good enough to see that everything runs
  --only <section>  ${Object.keys(SECTIONS).join(', ')}; may be repeated
  --write           also write test/bench/results/<date>.md
`

const { values } = parseArgs({
  // `pnpm bench -- --quick` hands the separator on.
  args: process.argv.slice(2).filter((argument) => argument !== '--'),
  options: {
    quick: { type: 'boolean', default: false },
    only: { type: 'string', multiple: true, default: Object.keys(SECTIONS).filter(canRun) },
    write: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
})

if (values.help) process.stdout.write(USAGE)
else await main()

/** Whether what a section needs is installed. */
function canRun(section: string): boolean {
  if (section === 'accept-slow') return canSlowSyncs()
  const program = section.endsWith('-redis') ? 'redis-server' : section.endsWith('-postgres') ? 'initdb' : undefined
  return program === undefined || findProgram(program) !== undefined
}

async function main(): Promise<void> {
  const parts = [renderEnvironment({ quick: values.quick })]
  process.stdout.write(`${parts[0]}\n`)
  for (const name of values.only) {
    const measure = SECTIONS[name]
    if (measure === undefined) throw new Error(`there is no section ${name}\n${USAGE}`)
    const text = renderSection(await measure(values.quick))
    parts.push(text)
    process.stdout.write(`${text}\n`)
  }
  if (values.write) {
    const folder = new URL('./results/', import.meta.url)
    mkdirSync(folder, { recursive: true })
    writeFileSync(new URL(`${new Date().toISOString().slice(0, 10)}.md`, folder), `${parts.join('\n')}`)
  }
}
