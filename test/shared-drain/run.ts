/** Plays the whole of it from the command line; `--help` says how. */
import { parseArgs } from 'node:util'
import type { Effects } from './drainer.ts'
import { playSharedDrain } from './shared-drain.ts'
import { type StoreName, stores } from './stores.ts'

const USAGE = `Three processes drain one buffer while they are killed and frozen, and the server is. Audits what was delivered.

  --store <name>   redis (default) or postgres
  --effects <how>  file (default): handlers note what they do in files; events may be repeated
                   transaction: they book in the transaction of the ack, exactly once; on postgres
  --events <n>     events to send (default 200000)
  --every <ms>     time between two misfortunes (default 1000)
  --lease <ms>     lease of a partition (default 2000)
  --pause <ms>     time between two calls of each of eight senders, of twenty events (default 50)
  --backlog <n>    senders wait while so many events are not drained (default 5000)
  --restarts <n>   how often the server is killed (default 2)
  --seed <n>       decides who is hit by what (default: random, printed)
`

const { values } = parseArgs({
  args: process.argv.slice(2).filter((argument) => argument !== '--'),
  options: {
    store: { type: 'string', default: 'redis' },
    effects: { type: 'string', default: 'file' },
    events: { type: 'string', default: '200000' },
    every: { type: 'string', default: '1000' },
    lease: { type: 'string', default: '2000' },
    pause: { type: 'string', default: '50' },
    backlog: { type: 'string', default: '5000' },
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
  const { store, effects } = values
  if (!isStore(store) || !isEffects(effects)) throw new Error(USAGE)
  process.stdout.write(
    `shared drain on ${store}, effects in a ${effects}: ${values.events} events, seed ${seed}, Node ${process.version}\n`,
  )
  const report = await playSharedDrain({
    store,
    effects,
    events: Number(values.events),
    keys: 1_000,
    seed,
    everyMs: Number(values.every),
    leaseMs: Number(values.lease),
    pauseMs: Number(values.pause),
    maxBacklog: Number(values.backlog),
    restarts: Number(values.restarts),
    onProgress: (line) => process.stdout.write(`${line}\n`),
  })
  const { lost, reordered, invented, wrongMoves, balanceError, repeated, ...rest } = report
  const wrong = {
    lost: lost.length,
    reordered: reordered.length,
    invented: invented.length,
    wrongMoves: wrongMoves.length,
    balanceError,
  }
  process.stdout.write(`${JSON.stringify({ ...wrong, repeated, ...rest }, null, 2)}\n`)
  const promised = [...Object.values(wrong), ...(effects === 'transaction' ? [repeated] : [])]
  const failed = promised.some((count) => count !== 0)
  process.stdout.write(failed ? `FAILED with seed ${seed}\n` : 'passed\n')
  return failed ? 1 : 0
}

function isStore(name: string): name is StoreName {
  return name in stores
}

function isEffects(name: string): name is Effects {
  return name === 'file' || name === 'transaction'
}
