// Runs every gate that a change must pass, one line each, and ends with the list of those that failed. What looks at the sources and what
// looks at the build run beside each other.
//
//   node scripts/check.ts                   all of them
//   node scripts/check.ts lint types        only these
//   node scripts/check.ts --except test     all but these
import { spawn } from 'node:child_process'
import { pnpm } from './pnpm.ts'
import { root } from './packages.ts'

interface Gate {
  readonly name: string
  /** A script of the root package.json. */
  readonly script: string
}

/** Gates that look at the sources, from quick to slow. */
const ofSources: readonly Gate[] = [
  { name: 'format', script: 'format:check' },
  { name: 'docs', script: 'docs:check' },
  { name: 'lint', script: 'lint' },
  { name: 'knip', script: 'knip' },
  { name: 'types', script: 'typecheck' },
]

/** Gates that look at what was built, after the build. */
const ofBuild: readonly Gate[] = [
  { name: 'build', script: 'build' },
  { name: 'packages', script: 'packages' },
  { name: 'api', script: 'api' },
  { name: 'size', script: 'size' },
]

// It takes the whole machine.
const ofTests: readonly Gate[] = [{ name: 'test', script: 'test' }]

const gates = [...ofSources, ...ofBuild, ...ofTests]
const chosen = choose(process.argv.slice(2))
const failed: string[] = []
await Promise.all([pass(ofSources), pass(ofBuild)])
await pass(ofTests)
if (failed.length > 0) {
  console.log(`\n${failed.length} of ${chosen.length} gates failed: ${failed.join(', ')}`)
  console.log(`run one alone with: npx -y pnpm@12 check ${failed[0]}`)
  process.exitCode = 1
} else {
  console.log(`\nall ${chosen.length} gates passed`)
}

/** Runs those that were chosen one after the other. */
async function pass(lane: readonly Gate[]): Promise<void> {
  for (const gate of lane.filter((candidate) => chosen.includes(candidate))) {
    const startedMs = performance.now()
    const { ok, output } = await run(gate)
    const seconds = ((performance.now() - startedMs) / 1000).toFixed(1)
    console.log(`${ok ? 'ok  ' : 'FAIL'}  ${gate.name.padEnd(10)} ${seconds.padStart(6)} s`)
    if (ok) continue
    failed.push(gate.name)
    console.log(output.replace(/^/gm, '      | '))
  }
}

function choose(args: readonly string[]): readonly Gate[] {
  const except = args[0] === '--except'
  const names = except ? args.slice(1) : args
  for (const name of names) {
    if (!gates.some((gate) => gate.name === name)) {
      throw new Error(`no gate named ${name}; there are ${gates.map((gate) => gate.name).join(', ')}`)
    }
  }
  if (names.length === 0) return gates
  return gates.filter((gate) => names.includes(gate.name) !== except)
}

function run(gate: Gate): Promise<{ readonly ok: boolean; readonly output: string }> {
  return new Promise((resolve, reject) => {
    const [command, ...prefix] = pnpm
    const child = spawn(command, [...prefix, 'run', gate.script], { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] })
    const chunks: Buffer[] = []
    child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk))
    child.stderr.on('data', (chunk: Buffer) => chunks.push(chunk))
    child.once('error', reject)
    child.once('close', (code) => resolve({ ok: code === 0, output: Buffer.concat(chunks).toString().trimEnd() }))
  })
}
