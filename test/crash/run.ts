/** Runs the crash test from the command line; `--help` says how. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { howToKeep } from '../seeds/kept-seeds.ts'
import { buffers, isBufferName } from './buffers.ts'
import { type CrashProgress, runCrashTest } from './crash-test.ts'
import { isMutationName, mutations } from './mutations.ts'

const USAGE = `Kills a receiver under load with SIGKILL at random moments and audits what was delivered.

  --rounds <n>      kills to play (default 1000)
  --seed <n>        decides the moments and the events (default: random, printed)
  --directory <d>   parent of the working directory; its disk is the one that is tested (default: the system's temporary one)
  --buffer <name>   ${Object.keys(buffers).join(', ')} (default: fsync)
  --keep            keep the working directory also when nothing was found
  --mutation <m>    break the receiver on purpose: ${Object.keys(mutations).join(', ')}
`

const { values } = parseArgs({
  // `pnpm crash -- --rounds 10` hands the separator on.
  args: process.argv.slice(2).filter((argument) => argument !== '--'),
  options: {
    rounds: { type: 'string', default: '1000' },
    seed: { type: 'string', default: String(Math.floor(Math.random() * 2 ** 31)) },
    directory: { type: 'string', default: tmpdir() },
    buffer: { type: 'string', default: 'fsync' },
    keep: { type: 'boolean', default: false },
    mutation: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
})

process.exitCode = values.help ? printUsage() : await main()

function printUsage(): number {
  process.stdout.write(USAGE)
  return 0
}

async function main(): Promise<number> {
  const { mutation, buffer } = values
  if ((mutation !== undefined && !isMutationName(mutation)) || !isBufferName(buffer)) {
    process.stderr.write(USAGE)
    return 2
  }
  const rounds = Number(values.rounds)
  const seed = Number(values.seed)
  const directory = mkdtempSync(join(values.directory, 'holdfast-crash-'))
  process.stdout.write(`crash test: ${rounds} rounds, seed ${seed}, ${buffer}, Node ${process.version}, ${directory}\n`)
  const startedAt = performance.now()
  let failed = true
  try {
    const report = await runCrashTest({
      rounds,
      seed,
      directory,
      buffer,
      ...(mutation === undefined ? {} : { mutation }),
      onRound: (progress) => printProgress(progress, rounds, startedAt),
    })
    process.stdout.write(`\n${JSON.stringify({ ...report, violations: report.violations.length }, null, 2)}\n`)
    for (const violation of report.violations) process.stderr.write(`${JSON.stringify({ seed, ...violation })}\n`)
    failed = report.violations.length > 0
    process.stdout.write(failed ? `FAILED with seed ${seed}\n` : `passed in ${seconds(startedAt)} s\n`)
  } catch (error) {
    process.stderr.write(`\nFAILED with seed ${seed}: ${error instanceof Error ? error.stack : String(error)}\n`)
  }
  if (failed && mutation === undefined) process.stdout.write(`${howToKeep('kills', seed)}\n`)
  if (failed || values.keep) process.stdout.write(`kept: ${directory}\n`)
  else rmSync(directory, { recursive: true })
  return failed ? 1 : 0
}

function printProgress({ round, plan, audit }: CrashProgress, rounds: number, startedAt: number): void {
  if (process.stdout.isTTY !== true && round % 10 !== 0) return
  const delivered = Object.entries(audit.started)
    .map(([name, count]) => `${name} ${count} (+${audit.redelivered[name] ?? 0} again)`)
    .join(', ')
  const last = `${plan.end} ${plan.delayMs} ms after ${plan.from}`
  const line = `round ${round}/${rounds}, ${seconds(startedAt)} s: acknowledged ${audit.acknowledged}; ${delivered}; ${last}`
  process.stdout.write(process.stdout.isTTY === true ? `\r\u001b[K${line}` : `${line}\n`)
}

function seconds(startedAt: number): string {
  return ((performance.now() - startedAt) / 1000).toFixed(1)
}
