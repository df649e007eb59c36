import { execFileSync } from 'node:child_process'
import { findProgram } from '../clients/service-process.ts'

// WAITAOF came with Redis 7.2. Where the Redis is older, a Valkey beside it is asked.
const programs = ['redis-server', 'valkey-server'].flatMap((name) => findProgram(name) ?? [])

/** A server without WAITAOF, where there is one. */
export const oldest: string | undefined = programs.find((program) => !waitsForDisks(program))

/** A server with WAITAOF, where there is one. */
export const waiting: string | undefined = programs.find(waitsForDisks)

if (waiting === undefined) {
  const problem = 'WAITAOF is not tested: there is neither Redis 7.2 or newer nor Valkey'
  if (process.env.HOLDFAST_REQUIRE_SERVICES === '1') throw new Error(problem)
  process.stderr.write(`\n*** ${problem} ***\n\n`)
}

function waitsForDisks(program: string): boolean {
  const version = execFileSync(program, ['--version'], { encoding: 'utf8' })
  const [, major, minor] = /v=(\d+)\.(\d+)/.exec(version) ?? []
  return Number(major) * 100 + Number(minor) >= 702
}
