// Runs the smoke program of test/runtimes, with the packages as they are built, on every runtime that core promises to run on.
// The runtimes are large, so they are no dependencies: the pinned versions are installed from npm when they are asked for.
//
//   node scripts/runtimes.ts                   all of them
//   node scripts/runtimes.ts deno workerd      only these
//   node scripts/runtimes.ts --report <file>   writes the totals, in the format of vitest, too
import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import { parseArgs, promisify } from 'node:util'
import { build } from 'tsup'
import { type SmokeServer, smokeServer } from '../test/runtimes/smoke-server.ts'
import { root } from './packages.ts'
import { pnpm } from './pnpm.ts'

interface CheckResult {
  readonly check: string
  readonly problem?: string
}

interface Runtime {
  readonly name: string
  /** The npm package that holds it. */
  readonly package: string
  readonly version: string
  /** Its program, below the directory it is installed in. */
  readonly program: string
  readonly run: (program: string, url: string) => Promise<readonly CheckResult[]>
}

const run = promisify(execFile)
const programs = join(root, 'test/runtimes')

// A runtime that hangs is ended after this.
const LIMIT_MS = 60_000

const runtimes: readonly Runtime[] = [
  ...['22.23.3', '24.21.0', '26.10.0'].map((version) => ({
    name: `node-${version.slice(0, 2)}`,
    package: 'node',
    version,
    program: 'node_modules/node/bin/node',
    run: inProcess(),
  })),
  { name: 'bun', package: 'bun', version: '1.4.5', program: 'node_modules/.bin/bun', run: inProcess() },
  {
    name: 'deno',
    package: 'deno',
    version: '2.9.6',
    program: 'node_modules/.bin/deno',
    run: inProcess('run', '--allow-net', '--allow-read', '--allow-env', '--node-modules-dir=manual'),
  },
  {
    name: 'workerd',
    package: 'workerd',
    version: '1.20261117.1',
    program: 'node_modules/.bin/workerd',
    run: inWorker,
  },
]

// Node's modules are on by default since 2026-08-04; opossum needs `events`.
const workerdConfig = `using Workerd = import "/workerd/workerd.capnp";

const config :Workerd.Config = (
  services = [
    (name = "main", worker = .smoke),
    (name = "internet", network = (allow = ["public", "private", "local"])),
  ],
  sockets = [(name = "http", address = "127.0.0.1:0", http = (), service = "main")],
);

const smoke :Workerd.Worker = (
  modules = [(name = "worker", esModule = embed "worker.mjs")],
  bindings = [(name = "SERVER", fromEnvironment = "SERVER")],
  compatibilityDate = "2026-11-01",
);
`

const { values, positionals } = parseArgs({
  options: { report: { type: 'string' } },
  allowPositionals: true,
})
const chosen = choose(positionals)
const totals = { numPassedTests: 0, numFailedTests: 0, numPendingTests: 0, numTodoTests: 0, testResults: [] }

const [command, ...prefix] = pnpm
const [installed] = await Promise.all([
  Promise.all(chosen.map(install)),
  run(command, [...prefix, '--filter', '@holdfast/core', 'run', 'build'], { cwd: root }),
])
for (const [index, runtime] of chosen.entries()) await check(runtime, installed[index])
if (values.report !== undefined) writeFileSync(values.report, JSON.stringify(totals))
if (totals.numFailedTests > 0) process.exitCode = 1

function choose(names: readonly string[]): readonly Runtime[] {
  for (const name of names) {
    if (!runtimes.some((runtime) => runtime.name === name)) {
      throw new Error(`no runtime named ${name}; there are ${runtimes.map((runtime) => runtime.name).join(', ')}`)
    }
  }
  return names.length === 0 ? runtimes : runtimes.filter(({ name }) => names.includes(name))
}

/** The path of the runtime's program, or what went wrong. */
async function install({ package: name, version, program }: Runtime): Promise<string | Error> {
  if (name === 'node' && version === process.versions.node) return process.execPath
  const directory = join(root, 'node_modules/.cache/runtimes', `${name}-${version}`)
  const path = join(directory, program)
  if (existsSync(path)) return path
  mkdirSync(directory, { recursive: true })
  try {
    const args = ['install', '--prefix', directory, '--no-audit', '--no-fund', '--silent', `${name}@${version}`]
    await run('npm', args, { cwd: directory })
    return path
  } catch (error) {
    return error as Error
  }
}

async function check(runtime: Runtime, program: string | Error | undefined): Promise<void> {
  const title = `${runtime.name.padEnd(8)} ${runtime.version.padEnd(13)}`
  if (typeof program !== 'string') {
    const isRequired = process.env['HOLDFAST_REQUIRE_SERVICES'] === '1'
    if (isRequired) totals.numFailedTests++
    else totals.numPendingTests++
    console.log(
      `${title} ${isRequired ? 'FAILED' : 'SKIPPED'}: it cannot be installed: ${program?.message.split('\n')[0]}`,
    )
    return
  }
  const server = await smokeServer()
  const startedMs = performance.now()
  const results = await resultsOf(runtime, program, server)
  server.close()
  const problems = results.filter(({ problem }) => problem !== undefined)
  totals.numPassedTests += results.length - problems.length
  totals.numFailedTests += problems.length
  const seconds = ((performance.now() - startedMs) / 1000).toFixed(1)
  console.log(`${title} ${results.length - problems.length} passed, ${problems.length} failed, ${seconds} s`)
  for (const { check: title, problem } of problems) console.log(`    ${title}: ${problem}`)
}

async function resultsOf(runtime: Runtime, program: string, server: SmokeServer): Promise<readonly CheckResult[]> {
  try {
    return await runtime.run(program, server.url)
  } catch (error) {
    return [{ check: 'the smoke program runs and ends', problem: String(error) }]
  }
}

/** For runtimes that run a file. */
function inProcess(...args: readonly string[]): Runtime['run'] {
  return async (program, url) => {
    const { stdout } = await run(program, [...args, join(programs, 'smoke-process.ts'), url], {
      cwd: programs,
      timeout: LIMIT_MS,
    })
    return JSON.parse(stdout) as readonly CheckResult[]
  }
}

/** For workerd, which serves a bundle. */
async function inWorker(program: string, url: string): Promise<readonly CheckResult[]> {
  const directory = mkdtempSync(join(tmpdir(), 'holdfast-workerd-'))
  let worker: ChildProcess | undefined
  try {
    await bundle(directory)
    writeFileSync(join(directory, 'config.capnp'), workerdConfig)
    worker = spawn(program, ['serve', join(directory, 'config.capnp'), '--control-fd=3'], {
      env: { ...process.env, SERVER: url },
      stdio: ['ignore', 'ignore', 'inherit', 'pipe'],
    })
    const [event] = (await once(worker.stdio[3] as Readable, 'data')) as [Buffer]
    const { port } = JSON.parse(event.toString().split('\n')[0] ?? '') as { port: number }
    const response = await fetch(`http://127.0.0.1:${port}/`, { signal: AbortSignal.timeout(LIMIT_MS) })
    if (!response.ok) throw new Error(`workerd answered ${response.status}: ${await response.text()}`)
    return (await response.json()) as readonly CheckResult[]
  } finally {
    worker?.kill()
    rmSync(directory, { recursive: true, force: true })
  }
}

/** What wrangler does: everything in one module, Node's own modules left to the runtime. */
async function bundle(directory: string): Promise<void> {
  await build({
    config: false,
    silent: true,
    entry: { worker: join(programs, 'smoke-worker.ts') },
    outDir: directory,
    format: 'esm',
    outExtension: () => ({ js: '.mjs' }),
    target: 'es2023',
    platform: 'browser',
    noExternal: [/^[^.]/],
    removeNodeProtocol: false,
    esbuildOptions: (options) => {
      options.conditions = ['workerd', 'worker']
      options.alias = { events: 'node:events' }
      options.external = ['node:*']
      options.banner = { js: "import { createRequire } from 'node:module'; const require = createRequire('/')" }
    },
  })
}
