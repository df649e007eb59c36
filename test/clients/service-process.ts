import { type ChildProcess, execFileSync, type SpawnOptions, spawn } from 'node:child_process'
import { existsSync, globSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { delimiter, join } from 'node:path'
import { getuid } from 'node:process'

/**
 * The installed program, on the path or where Debian puts PostgreSQL; `undefined` when there is none. `HOLDFAST_REDIS_SERVER` names another one to be
 * `redis-server`: a Valkey, or another version.
 */
export function findProgram(name: string): string | undefined {
  if (name === 'redis-server' && process.env.HOLDFAST_REDIS_SERVER !== undefined)
    return process.env.HOLDFAST_REDIS_SERVER
  const folders = [
    ...globSync('/usr/lib/postgresql/*/bin').sort().reverse(),
    ...(process.env.PATH ?? '').split(delimiter),
  ]
  return folders.map((folder) => join(folder, name)).find((path) => existsSync(path))
}

/** Whether the tests of a service run. They are left out loudly without its programs, and fail with HOLDFAST_REQUIRE_SERVICES=1. */
export function hasService(service: string, ...programs: readonly string[]): boolean {
  const missing = programs.filter((program) => findProgram(program) === undefined)
  if (missing.length === 0) return true
  const problem = `${service} is not tested: ${missing.join(', ')} is not installed`
  if (process.env.HOLDFAST_REQUIRE_SERVICES === '1') throw new Error(problem)
  process.stderr.write(`\n*** ${problem} ***\n\n`)
  return false
}

/** Servers refuse to run as root: then the account of this name is used. */
export function asAccount(name: string): Pick<SpawnOptions, 'uid' | 'gid'> {
  if (getuid?.() !== 0) return {}
  const idOf = (flag: string): number => Number(execFileSync('id', [flag, name], { encoding: 'utf8' }))
  return { uid: idOf('-u'), gid: idOf('-g') }
}

/** A port that was free a moment ago. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}

/** Starts a server and waits until its output says that it is ready. */
export async function startService(
  program: string,
  args: readonly string[],
  ready: RegExp,
  options: SpawnOptions = {},
): Promise<ChildProcess> {
  const service = spawn(program, args, { ...options, stdio: ['ignore', 'pipe', 'pipe'] })
  let output = ''
  await new Promise<void>((resolve, reject) => {
    const read = (chunk: Buffer): void => {
      output += chunk.toString()
      if (ready.test(output)) resolve()
    }
    service.stdout?.on('data', read)
    service.stderr?.on('data', read)
    service.once('error', reject)
    service.once('exit', (code) => reject(new Error(`${program} ended with ${code}: ${output}`)))
  })
  return service
}

/** Ends a server and waits until it is gone. */
export async function stopService(service: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (service.exitCode !== null || service.signalCode !== null) return
  const gone = new Promise((resolve) => service.once('exit', resolve))
  service.kill(signal)
  await gone
}
