/** Kills a process with many buffers; `--help` says how. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { howToKeep } from '../../seeds/kept-seeds.ts'
import { playMany } from './play-many.ts'

const USAGE = `Kills a process with many buffers of four kinds at random moments, and compares each with its books after every kill.

  --kills <n>      counted for each buffer (default 10000)
  --buffers <n>    buffers in the process (default 25)
  --seed <n>       (default: random, printed)
  --directory <d>  parent of the working directory (default: the system's temporary one)
`
const TELL_EVERY = 10

const { values } = parseArgs({
  args: process.argv.slice(2).filter((argument) => argument !== '--'),
  options: {
    kills: { type: 'string', default: '10000' },
    buffers: { type: 'string', default: '25' },
    seed: { type: 'string', default: String(1 + Math.floor(Math.random() * 2 ** 31)) },
    directory: { type: 'string', default: tmpdir() },
    help: { type: 'boolean', default: false },
  },
})

if (values.help) process.stdout.write(USAGE)
else await main(Number(values.buffers), Number(values.seed))

async function main(buffers: number, seed: number): Promise<void> {
  const directory = mkdtempSync(join(values.directory, 'holdfast-many-'))
  const rounds = Math.ceil(Number(values.kills) / buffers)
  process.stdout.write(`seed ${seed}, ${rounds} rounds, Node ${process.version}, ${directory}\n`)
  const startedMs = performance.now()
  const { problems, ...counts } = await playMany({
    directory,
    buffers,
    rounds,
    seed,
    onRound: (round) => {
      if (round % TELL_EVERY === 0) process.stdout.write(`round ${round}\n`)
    },
  })
  const seconds = Math.round((performance.now() - startedMs) / 1000)
  process.stdout.write(`${JSON.stringify({ ...counts, problems: problems.length, seconds })}\n`)
  if (problems.length === 0) return rmSync(directory, { recursive: true, force: true })
  process.stderr.write(`${problems.join('\n')}\n${howToKeep('many', seed)}\nkept: ${directory}\n`)
  process.exitCode = 1
}
