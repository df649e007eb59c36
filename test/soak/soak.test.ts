import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'

const program = fileURLToPath(new URL('run.ts', import.meta.url))
const node = ['--expose-gc', '--conditions=@holdfast/source', program]
/** Enough calls that every kept host and group is known before the hour that is compared. */
const morning = ['--hours', '3', '--calls', '9000', '--warm', '2']
/** Fewer, compared before everything is warm: what is kept of every call is far more than what is not warm. */
const hour = ['--hours', '2', '--calls', '4000', '--warm', '1', '--tolerance', '0.05']

function play(...more: readonly string[]): Promise<{ readonly code: number; readonly output: string }> {
  return new Promise((resolve) => {
    const child = execFile(process.execPath, [...node, ...more], (_error, stdout, stderr) =>
      resolve({ code: child.exitCode ?? -1, output: stdout + stderr }),
    )
  })
}

/** The whole day is `pnpm soak`. */
describe('hours of mixed traffic on a fake clock', () => {
  it('leave no timer, no listener and no call behind, and the heap as it was', { timeout: 120_000 }, async () => {
    const { code, output } = await play(...morning)
    expect(output).toContain('nothing grew')
    expect(code).toBe(0)
    // A morning on which nothing happened would prove nothing.
    for (const outcome of ['200', '404', '503', 'rate_limited', 'circuit_open', 'aborted', 'TimeoutError', 'TypeError'])
      expect(output).toContain(`"${outcome}":`)
  })

  it('are found out when they keep something of every call', { timeout: 120_000 }, async () => {
    const { code, output } = await play('--leak', ...hour)
    expect(output).toMatch(/the heap grew by \d/)
    expect(code).toBe(1)
  })
})
