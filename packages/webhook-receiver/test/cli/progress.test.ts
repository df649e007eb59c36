import { fakeClock } from '@holdfast/core/testing'
import { expect, it } from 'vitest'
import type { CliIo } from '../../src/cli/cli-io.ts'
import { startProgress } from '../../src/cli/progress.ts'
import { holdfast, sampleEvent, storedDirectory } from './cli-fixture.ts'

function terminal(fields: { readonly isTerminal?: boolean; readonly columns?: number } = {}) {
  const clock = fakeClock()
  const written: string[] = []
  const write = async (text: string): Promise<void> => void written.push(text)
  const io = { clock, stderr: { isTerminal: true, columns: 80, ...fields, write } } as unknown as CliIo
  return { clock, written, io }
}

it('draws how far a long job is, at most ten times a second, and takes the line away at the end', async () => {
  const { clock, written, io } = terminal()
  const progress = startProgress(io, 'exporting', 2_000)
  await clock.advance(500)
  await progress.add(500)
  await clock.advance(99)
  await progress.add(100)
  expect(written).toEqual([`\rexporting [######..................] 25% 500 of 2,000 1,000/s`])
  await clock.advance(401)
  await progress.add(400)
  expect(written[1]).toBe(`\rexporting [############............] 50% 1,000 of 2,000 1,000/s`)
  await progress.end()
  expect(written[2]).toBe(`\r${' '.repeat((written[1] ?? '').length - 1)}\r`)
})

it('counts where nobody knows how much there is, and never claims more than all', async () => {
  const { clock, written, io } = terminal()
  await clock.advance(1_000)
  await startProgress(io, 'importing', undefined).add(7)
  await startProgress(io, 'reading', 5).add(7)
  expect(written).toEqual(['\rimporting 7 ', '\rreading [########################] 100% 7 of 5 '])
})

it('keeps to the width of the terminal, and writes nothing where there is none', async () => {
  const narrow = terminal({ columns: 20 })
  await startProgress(narrow.io, 'exporting', 2_000).add(500)
  expect(narrow.written).toEqual(['\rexporting [######..'])
  const piped = terminal({ isTerminal: false })
  const progress = startProgress(piped.io, 'exporting', 2_000)
  await progress.add(500)
  await progress.end()
  expect(piped.written).toEqual([])
})

it.each([[], ['--dry-run'], ['--mode', 'salvage'], ['--mode', 'salvage', '--dry-run']])(
  'shows while a buffer is repaired how much of it was read: %j',
  async (...options) => {
    const directory = await storedDirectory(Array.from({ length: 50 }, (_, index) => sampleEvent(index)))
    const args = ['repair', directory, ...options]
    const { code, stdout, stderr } = await holdfast(args, { isTerminal: true })
    expect([code, stdout]).toEqual([0, expect.stringContaining('nothing to repair')])
    expect(stderr).toMatch(/^\rrepairing, bytes read: [\d,]+ [^]*\r {20,}\r$/)
    expect((await holdfast(args)).stderr).toBe('')
  },
)
