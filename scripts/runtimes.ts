// Runs the smoke program of test/runtimes, with the packages as they are built, on every runtime that core and the receiver promise to
// run on.
// The runtimes are large, so they are no dependencies: the pinned versions are installed from npm when they are asked for.
//
//   node scripts/runtimes.ts                   all of them
//   node scripts/runtimes.ts deno workerd      only these
//   node scripts/runtimes.ts --report <file>   writes the totals, in the format of vitest, too
import { execFile } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs, promisify } from 'node:util'
import { type SmokeServer, smokeServer } from '../test/runtimes/smoke-server.ts'
import { buildStale } from './build-stale.ts'
import { installOnDemand, type Runtime, runtimes } from './install-on-demand.ts'
import { root } from './packages.ts'
import { serveWorker } from './workerd.ts'

interface CheckResult {
  readonly check: string
  readonly problem?: string
}

interface TestedRuntime extends Runtime {
  readonly name: string
  readonly version: string
  readonly run: (program: string, url: string) => Promise<readonly CheckResult[]>
}

const run = promisify(execFile)
const programs = join(root, 'test/runtimes')

// A runtime that hangs is ended after this.
const LIMIT_MS = 60_000

const tested: readonly TestedRuntime[] = [
  ...['22.23.3', '24.21.0', '26.10.0'].map((version) => ({
    name: `node-${version.slice(0, 2)}`,
    version,
    packages: { node: version },
    program: 'node_modules/node/bin/node',
    run: inProcess(),
  })),
  runtime('bun', inProcess()),
  runtime('deno', inProcess('run', '--allow-net', '--allow-read', '--allow-env', '--node-modules-dir=manual')),
  runtime('workerd', inWorker),
]

const { values, positionals } = parseArgs({
  options: { report: { type: 'string' } },
  allowPositionals: true,
})
const chosen = choose(positionals)
const totals = { numPassedTests: 0, numFailedTests: 0, numPendingTests: 0, numTodoTests: 0, testResults: [] }

const installed = await Promise.all(chosen.map(install))
buildStale()
for (const [index, runtime] of chosen.entries()) await check(runtime, installed[index])
if (values.report !== undefined) writeFileSync(values.report, JSON.stringify(totals))
if (totals.numFailedTests > 0) process.exitCode = 1

function runtime(name: keyof typeof runtimes, run: TestedRuntime['run']): TestedRuntime {
  return { name, version: Object.values(runtimes[name].packages)[0] ?? '', ...runtimes[name], run }
}

function choose(names: readonly string[]): readonly TestedRuntime[] {
  for (const name of names) {
    if (!tested.some((candidate) => candidate.name === name)) {
      throw new Error(`no runtime named ${name}; there are ${tested.map((candidate) => candidate.name).join(', ')}`)
    }
  }
  return names.length === 0 ? tested : tested.filter(({ name }) => names.includes(name))
}

/** The path of the runtime's program, or what went wrong. */
async function install({ packages, program }: TestedRuntime): Promise<string | Error> {
  if (packages['node'] === process.versions.node) return process.execPath
  const directory = await installOnDemand(packages)
  return typeof directory === 'string' ? join(directory, program) : directory
}

async function check(runtime: TestedRuntime, program: string | Error | undefined): Promise<void> {
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

async function resultsOf(
  runtime: TestedRuntime,
  program: string,
  server: SmokeServer,
): Promise<readonly CheckResult[]> {
  try {
    return await runtime.run(program, server.url)
  } catch (error) {
    return [{ check: 'the smoke program runs and ends', problem: String(error) }]
  }
}

/** For runtimes that run a file. */
function inProcess(...args: readonly string[]): TestedRuntime['run'] {
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
  const worker = await serveWorker({ program, entry: join(programs, 'smoke-worker.ts'), env: { SERVER: url } })
  try {
    const response = await fetch(worker.url, { signal: AbortSignal.timeout(LIMIT_MS) })
    if (!response.ok) throw new Error(`workerd answered ${response.status}: ${await response.text()}`)
    return (await response.json()) as readonly CheckResult[]
  } finally {
    worker.stop()
  }
}
