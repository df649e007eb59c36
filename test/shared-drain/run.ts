/** Plays the whole of it from the command line; `--help` says how. */
import { parseArgs } from 'node:util'
import { playSharedDrain } from './shared-drain.ts'

const USAGE = `Three processes drain one buffer on Redis while they are killed and frozen, and the server is. Audits what was delivered.

  --events <n>     events to send (default 200000)
  --every <ms>     time between two misfortunes (default 1000)
  --lease <ms>     lease of a partition (default 2000)
  --pause <ms>     time between two calls of each of eight senders, of twenty events (default 50)
  --restarts <n>   how often the server is killed (default 2)
  --seed <n>       decides who is hit by what (default: random, printed)
`

const { values } = parseArgs({
  args: process.argv.slice(2).filter((argument) => argument !== '--'),
  options: {
    events: { type: 'string', default: '200000' },
    every: { type: 'string', default: '1000' },
    lease: { type: 'string', default: '2000' },
    pause: { type: 'string', default: '50' },
    restarts: { type: 'string', default: '2' },
    seed: { type: 'string', default: String(Math.floor(Math.random() * 2 ** 31)) },
    help: { type: 'boolean', default: false },
  },
})

process.exitCode = values.help ? printUsage() : await main()

function printUsage(): number {
  process.stdout.write(USAGE)
  return 0
}

async function main(): Promise<number> {
  const seed = Number(values.seed)
  process.stdout.write(`shared drain: ${values.events} events, seed ${seed}, Node ${process.version}\n`)
  const report = await playSharedDrain({
    events: Number(values.events),
    keys: 1_000,
    seed,
    everyMs: Number(values.every),
    leaseMs: Number(values.lease),
    pauseMs: Number(values.pause),
    restarts: Number(values.restarts),
    onProgress: (line) => process.stdout.write(`${line}\n`),
  })
  const { lost, reordered, invented, ...rest } = report
  const wrong = { lost: lost.length, reordered: reordered.length, invented: invented.length }
  process.stdout.write(`${JSON.stringify({ ...wrong, ...rest }, null, 2)}\n`)
  const failed = lost.length + reordered.length + invented.length > 0
  process.stdout.write(failed ? `FAILED with seed ${seed}\n` : 'passed\n')
  return failed ? 1 : 0
}
