import { fakeClock, seededRandom } from '@holdfast/core/testing'
import { describe, expect, test } from 'vitest'
import { DedupeIndex } from '../../../src/disk/dedupe/dedupe-index.ts'
import type { Fingerprint } from '../../../src/disk/dedupe/fingerprint.ts'
import { MemoryFileSystem } from '../memory-file-system.ts'

const DIRECTORY = '/data/ids'
const IDS_IN_A_RUN = 131_072

function open(fileSystem: MemoryFileSystem): Promise<DedupeIndex> {
  return DedupeIndex.open({
    fileSystem,
    directory: DIRECTORY,
    windowMs: 1e9,
    clock: fakeClock(),
    random: seededRandom(1),
    isLost: () => false,
  })
}

/** A fingerprint that is made faster than by hashing; its first bits are spread. */
function fingerprint(number: number): Fingerprint {
  const spread = Math.imul(number, 0x9e3779b1) >>> 0
  const bytes = [spread >>> 24, (spread >>> 16) & 255, (spread >>> 8) & 255, spread & 255]
  return (String.fromCharCode(...bytes).repeat(7) + String.fromCharCode(...bytes.toReversed())) as Fingerprint
}

describe('DedupeIndex', () => {
  test('says when more ids wait to be written than it keeps, and forgets none of them', {
    timeout: 30_000,
  }, async () => {
    const index = await open(new MemoryFileSystem())
    let seq = 0
    while (!index.isBehind) {
      seq++
      index.remember(fingerprint(seq), seq, 1)
    }
    expect(seq).toBe(8 * IDS_IN_A_RUN)
    for (const number of [1, IDS_IN_A_RUN, seq]) expect(index.find(fingerprint(number), 2)).toBe(number)
    await index.close()
  })

  test('goes on where no ids can be written: a repeat is better than that nothing is taken', async () => {
    const fileSystem = new MemoryFileSystem()
    const index = await open(fileSystem)
    fileSystem.fault = (operation) => (operation === 'write' ? 'EIO' : undefined)
    for (let seq = 1; seq <= IDS_IN_A_RUN; seq++) index.remember(fingerprint(seq), seq, 1)
    await index.close()
    for (let seq = IDS_IN_A_RUN + 1; seq <= 9 * IDS_IN_A_RUN; seq++) index.remember(fingerprint(seq), seq, 1)
    expect(index.isBehind).toBe(false)
  })
})
