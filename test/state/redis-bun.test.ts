import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { stateStoreConformance } from '@holdfast/core/testing'
import { bufferConformance, idempotencyStoreConformance } from '@holdfast/webhook-receiver/testing'
import { expect, onTestFinished, test } from 'vitest'
import { installOnDemand, runtimes } from '../../scripts/install-on-demand.ts'
import { hasService } from '../clients/service-process.ts'
import type { BunCheck } from './redis-bun-process.ts'
import { startRedis } from './redis-service.ts'

const run = promisify(execFile)
const installed = await installOnDemand(runtimes.bun.packages)

/** Whether the tests run. They are left out loudly without Bun, and fail with HOLDFAST_REQUIRE_SERVICES=1. */
function hasBun(): boolean {
  if (typeof installed === 'string') return true
  const problem = `Bun is not tested: it cannot be installed: ${installed.message.split('\n')[0]}`
  if (process.env['HOLDFAST_REQUIRE_SERVICES'] === '1') throw new Error(problem)
  process.stderr.write(`\n*** ${problem} ***\n\n`)
  return false
}

test.runIf(hasService('Redis', 'redis-server') && hasBun())(
  'the stores and the buffer on Redis keep their contracts on Bun with the client that Bun has',
  async () => {
    const service = await startRedis({ durable: true })
    onTestFinished(() => service.dispose())
    const program = join(installed as string, runtimes.bun.program)
    const args = ['--conditions=@holdfast/source', 'redis-bun-process.ts', `redis://127.0.0.1:${service.port}`]
    const { stdout } = await run(program, args, { cwd: import.meta.dirname, timeout: 150_000, maxBuffer: 64e6 })
    const checks = JSON.parse(stdout) as readonly BunCheck[]
    expect(checks.filter(({ problem }) => problem !== undefined)).toEqual([])
    const contracts = [stateStoreConformance, idempotencyStoreConformance, bufferConformance].flat()
    expect(checks.length).toBeGreaterThan(contracts.length)
  },
  180_000,
)
