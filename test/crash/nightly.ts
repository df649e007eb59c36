/** Runs the tests of the disk buffer at their nightly figures; `--help` says how. */
import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { howToKeep, isSeededPart } from '../seeds/kept-seeds.ts'
import { isProgram, type NightlyPart, parts } from './nightly-parts.ts'

const USAGE = `Runs the tests of the disk buffer at their nightly figures, with other seeds each time.

  --only <part>     may be repeated:
${Object.entries(parts)
  .map(([name, part]) => `                      ${name}: ${part.what} (${figureOf(part)})`)
  .join('\n')}
  --share <n>       part of the figure, 0 to 1 (default 1)
  --seed <n>        first seed (default: random, printed)
`

const root = fileURLToPath(new URL('../..', import.meta.url))

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

function figureOf(part: NightlyPart): string {
  return isProgram(part) ? part.figure.toLocaleString('en') : `× ${part.scale}`
}

function run(name: string): void {
  const part = parts[name]
  if (part === undefined) throw new Error(`there is no part ${name}\n${USAGE}`)
  const share = Number(values.share)
  const startedAt = performance.now()
  const { status, stdout } = isProgram(part)
    ? node([
        '--conditions=@holdfast/source',
        part.program,
        part.flag,
        String(Math.ceil(part.figure * share)),
        ...seedOf(part),
      ])
    : node(
        [
          'node_modules/vitest/vitest.mjs',
          'run',
          '--project',
          'webhook-receiver',
          `packages/webhook-receiver/test/disk/${part.file}`,
        ],
        {
          HOLDFAST_SCALE: String(Math.max(1, part.scale * share)),
          HOLDFAST_FIRST_SEED: values.seed,
        },
      )
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(0)
  if (isProgram(part) || status !== 0) process.stdout.write(stdout)
  process.stdout.write(
    `${name}, ${figureOf(part)} × ${share}, seed ${values.seed}: ${status === 0 ? 'passed' : 'FAILED'} in ${seconds} s\n`,
  )
  if (status === 0) return
  if (isSeededPart(name)) process.stdout.write(`${howToKeep(name, 'the seed that is named')}\n`)
  process.exitCode = 1
}

function seedOf(part: { readonly takesSeed?: false }): string[] {
  return part.takesSeed === false ? [] : ['--seed', values.seed]
}

function node(args: readonly string[], env: Readonly<Record<string, string>> = {}): ReturnType<typeof spawnSync> {
  const stdio = ['ignore', 'pipe', 'inherit'] as const
  return spawnSync(process.execPath, args, {
    cwd: root,
    env: { ...process.env, ...env },
    encoding: 'utf8',
    maxBuffer: 2 ** 28,
    stdio: [...stdio],
  })
}
