import { createHash } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { compileBodyDigests } from '../../src/verify/body-digests.ts'
import { nodeHashes } from '../../src/verify/node-hashes.ts'
import { webHashes } from '../../src/verify/web-hashes.ts'

const body = Buffer.from([0x7b, 0xff, 0x7d])
const sha256 = createHash('sha256').update(body).digest('hex')

describe('compileBodyDigests', () => {
  test('writes each hash as the message holds it, in order', async () => {
    for (const hashes of [nodeHashes()!, webHashes()]) {
      const digests = compileBodyDigests(
        [
          { hash: 'sha256', encoding: 'hex' },
          { hash: 'sha256', encoding: 'base64' },
          { hash: 'sha256', encoding: 'decimal' },
          { hash: 'crc32', encoding: 'decimal' },
          { hash: 'crc32', encoding: 'hex' },
        ],
        hashes,
      )
      expect(await digests(body)).toEqual([
        sha256,
        Buffer.from(sha256, 'hex').toString('base64'),
        BigInt(`0x${sha256}`).toString(),
        '443919952',
        '1a75ae50',
      ])
    }
  })

  test('writes a checksum with its leading zeros', async () => {
    const digests = compileBodyDigests([{ hash: 'crc32', encoding: 'hex' }], nodeHashes()!)
    expect(await digests(new Uint8Array())).toEqual(['00000000'])
  })
})
