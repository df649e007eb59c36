import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { diskBuffer } from '@holdfast/webhook-receiver/disk'
import { describe, expect, it, onTestFinished } from 'vitest'
import { newSeed, withKept } from '../../seeds/kept-seeds.ts'
import { auditBuffer, hold, numbered } from './audit-buffer.ts'
import type { KeptBooks } from './kept-books.ts'
import { playMany } from './play-many.ts'

function temporaryDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), 'holdfast-many-'))
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }))
  return directory
}

describe('buffers of four kinds in a process that is killed', () => {
  const seeds = withKept('many', [newSeed()])
  it('lose, change and forget nothing in 300 kills', { timeout: 240_000 * seeds.length }, async () => {
    for (const seed of seeds) {
      const report = await playMany({ directory: temporaryDirectory(), buffers: 25, rounds: 12, seed })
      expect(report, `seed ${seed}`).toMatchObject({ problems: [], kills: 300 })
      expect(report.acknowledged, `seed ${seed}`).toBeGreaterThan(2_000)
      expect(report.committed, `seed ${seed}`).toBeGreaterThan(500)
    }
  })
})

describe('auditBuffer', () => {
  it('says what of the books the buffer does not have, and what it has that is not in them', async () => {
    const buffer = diskBuffer({ directory: temporaryDirectory(), minFreeBytes: 0 })
    const report = await buffer.open()
    const held = await hold(buffer)
    const [first, second] = (await buffer.append([1, 2].map(numbered))).map(({ position }) => position)
    if (first === undefined || second === undefined) throw new Error('Nothing was appended.')
    await held.consumer.commit(held.lease, { done: [first] })
    const books = (changes: Partial<KeptBooks>): KeptBooks => ({
      sent: 2,
      acknowledged: new Map([
        [1, first],
        [2, second],
      ]),
      attempted: new Set([first]),
      committed: new Set([first]),
      ...changes,
    })
    const audit = async (changes: Partial<KeptBooks>): Promise<readonly string[]> =>
      (await auditBuffer(buffer, held, report, books(changes))).problems
    expect(await audit({})).toEqual([])
    expect(await audit({ sent: 1 })).toEqual(['evt_2 was never sent'])
    expect(await audit({ acknowledged: new Map([[2, first]]) })).toEqual(['event 2 is forgotten'])
    expect(await audit({ acknowledged: new Map([[1, second]]) })).toContain('event 1 is lost')
    expect(await audit({ attempted: new Set() })).toContain('event 1 is lost')
    expect(await audit({ committed: new Set([first, second]) })).toEqual([`the ack of ${second} is lost`])
    await buffer.append([{ ...numbered(3), body: Buffer.from('other') }])
    expect(await audit({ sent: 3 })).toEqual(['the body of evt_3 is wrong'])
    await buffer.close()
  })
})
