/** Runs the tests of the disk buffer at their nightly figures; `--help` says how. */
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { howToKeep, isSeededPart } from '../seeds/kept-seeds.ts'

/** A part of the plan, and how many times more it does at night than in a pull request. */
interface Part {
  readonly what: string
  readonly file: string
  readonly scale: number
}

const parts: Readonly<Record<string, Part>> = {
  truncation: { what: 'every cut, every flipped bit', file: 'recovery.test.ts', scale: 2 },
  large: { what: 'every cut and every flipped bit of a log of 64 KiB', file: 'large-log.test.ts', scale: 1340 },
  bodies: { what: 'the same for bodies that are encrypted and compressed', file: 'body', scale: 2 },
  salvage: { what: 'every flipped bit, and what salvage gets back', file: 'salvage', scale: 2 },
  cursors: { what: 'every flipped bit of a cursor', file: 'cursor.test.ts', scale: 2 },
  sectors: { what: 'every sector lost, moved, misdirected, stale; pairs', file: 'sectors.test.ts', scale: 2 },
  points: {
    what: 'a power cut at every change of the disk, half a million states',
    file: 'crash-points.test.ts',
    scale: 165,
  },
  crashes: { what: 'random work and random crashes', file: 'crash-model.test.ts', scale: 100 },
  damage: { what: 'random damage', file: 'damage-model.test.ts', scale: 50 },
  commands: {
    what: 'random commands and kills, answer by answer beside a model',
    file: 'command-model.test.ts',
    scale: 50,
  },
  oracle: { what: 'random commands, answer by answer beside SQLite', file: 'sqlite/oracle.test.ts', scale: 100 },
  faults: { what: 'every call fails, once and for ever', file: 'faults.test.ts', scale: 2 },
  lock: { what: 'races for the lock', file: 'lock.test.ts', scale: 20 },
  bytes: { what: 'anything in any file', file: 'arbitrary-bytes.test.ts', scale: 2500 },
  looks: { what: 'damaged directories that the command line looks into', file: 'looked-into.test.ts', scale: 100 },
}

const USAGE = `Runs the tests of the disk buffer at their nightly figures, with other seeds each time.

  --only <part>     may be repeated:
${Object.entries(parts)
  .map(([name, { what, scale }]) => `                      ${name}: ${what} (× ${scale})`)
  .join('\n')}
  --share <n>       part of the figure, 0 to 1 (default 1)
  --seed <n>        first seed (default: random, printed)

The crash test and the backlog have commands of their own: \`crash\`, \`backlog\`.
`

const { values } = parseArgs({
  // `pnpm nightly -- --only lock` hands the separator on.
  args: process.argv.slice(2).filter((argument) => argument !== '--'),
  options: {
    only: { type: 'string', multiple: true, default: Object.keys(parts) },
    share: { type: 'string', default: '1' },
    seed: { type: 'string', default: String(1 + Math.floor(Math.random() * 2 ** 31)) },
    help: { type: 'boolean', default: false },
  },
})

if (values.help) process.stdout.write(USAGE)
else for (const name of values.only) run(name)

function run(name: string): void {
  const part = parts[name]
  if (part === undefined) throw new Error(`there is no part ${name}\n${USAGE}`)
  const scale = Math.max(1, part.scale * Number(values.share))
  const startedAt = performance.now()
  const root = fileURLToPath(new URL('../..', import.meta.url))
  const args = ['run', '--project', 'webhook-receiver', `packages/webhook-receiver/test/disk/${part.file}`]
  const env = { ...process.env, HOLDFAST_SCALE: String(scale), HOLDFAST_FIRST_SEED: values.seed }
  const vitest = join(root, 'node_modules', 'vitest', 'vitest.mjs')
  const { status, stdout } = spawnSync(process.execPath, [vitest, ...args], { cwd: root, env, encoding: 'utf8' })
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(0)
  process.stdout.write(
    `${name} × ${scale}, seed ${values.seed}: ${status === 0 ? 'passed' : 'FAILED'} in ${seconds} s\n`,
  )
  if (status === 0) return
  process.stdout.write(stdout)
  if (isSeededPart(name)) process.stdout.write(`${howToKeep(name, 'the seed that is named')}\n`)
  process.exitCode = 1
}
