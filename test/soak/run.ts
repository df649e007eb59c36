/** Plays a simulated day from the command line; `--help` says how. */
import { parseArgs } from 'node:util'
import { heapGrowth, soak } from './soak.ts'

const USAGE = `Plays hours of mixed traffic on a fake clock and fails when something is left behind or grows.

  --hours <n>      simulated hours (default 24)
  --calls <n>      calls per hour (default 20000)
  --seed <n>       decides the traffic and the outages (default 1)
  --warm <h>       the hour after which the heap must not grow any more (default 8: by then each function was replaced once)
  --tolerance <r>  how much it may grow all the same, as a share (default 0.05)
  --leak           keep every response, to see that this is found out
`

const { values } = parseArgs({
  // \`pnpm soak -- --hours 2\` hands the separator on.
  args: process.argv.slice(2).filter((argument) => argument !== '--'),
  options: {
    hours: { type: 'string', default: '24' },
    calls: { type: 'string', default: '20000' },
    seed: { type: 'string', default: '1' },
    warm: { type: 'string', default: '8' },
    leak: { type: 'boolean', default: false },
    tolerance: { type: 'string', default: '0.05' },
    help: { type: 'boolean', default: false },
  },
})

if (values.help) process.stdout.write(USAGE)
else process.exitCode = await main()

async function main(): Promise<number> {
  if (globalThis.gc === undefined) throw new Error('Run it with --expose-gc: the heap is compared after collections.')
  const startedMs = performance.now()
  const report = await soak({
    hours: Number(values.hours),
    callsPerHour: Number(values.calls),
    seed: Number(values.seed),
    leak: values.leak,
    onHour: (checkpoint) => process.stdout.write(`${JSON.stringify(checkpoint)}\n`),
  })
  const { violations, checkpoints, ...counts } = report
  const growth = heapGrowth(checkpoints, Number(values.warm))
  const problems = [...violations]
  if (growth > Number(values.tolerance)) problems.push(`the heap grew by ${percent(growth)}`)
  const seconds = Number(((performance.now() - startedMs) / 1_000).toFixed(1))
  process.stdout.write(
    `${JSON.stringify({ ...counts, hours: checkpoints.length, seconds, heapGrowth: percent(growth) })}\n`,
  )
  for (const problem of problems) process.stderr.write(`${problem}\n`)
  process.stdout.write(problems.length === 0 ? 'nothing grew\n' : 'FAILED\n')
  return problems.length === 0 ? 0 : 1
}

function percent(share: number): string {
  return `${(share * 100).toFixed(2)} %`
}
