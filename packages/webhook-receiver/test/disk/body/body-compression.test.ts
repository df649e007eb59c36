import { randomBytes } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { bodyCompression, decompressed } from '../../../src/disk/body/body-compression.ts'

const meta = Buffer.from('meta')

describe.each(['zstd', 'brotli'] as const)('bodyCompression with %s', (method) => {
  const { compress, flag } = bodyCompression(method)

  test.each([128, 1000, 16_384, 16_385, 400_000])(
    'gives back a body of %i bytes, and makes it smaller',
    async (length) => {
      const body = Buffer.alloc(length, 'a sentence that comes again and again, ')
      const small = await compress(body)
      expect(small?.length).toBeLessThan(length)
      const record = Buffer.concat([meta, small ?? Buffer.alloc(0)])
      const plain = await decompressed(record, meta.length, flag)
      expect(plain?.equals(Buffer.concat([meta, body]))).toBe(true)
    },
  )

  test.each([0, 127, 1000, 100_000])('leaves %i random bytes as they are', async (length) => {
    expect(await compress(randomBytes(length))).toBeUndefined()
  })

  test('takes nothing that it did not make, and no more bytes than were announced', async () => {
    const small = (await compress(Buffer.alloc(1000, 'x'))) ?? Buffer.alloc(0)
    for (const announced of [999, 1001, 0, 0xffff_ffff]) {
      const forged = Buffer.concat([meta, small])
      forged.writeUInt32LE(announced, meta.length)
      expect(await decompressed(forged, meta.length, flag)).toBeUndefined()
    }
    expect(await decompressed(Buffer.from('meta\u0010\0\0\0not compressed'), meta.length, flag)).toBeUndefined()
    expect(await decompressed(meta, meta.length, flag)).toBeUndefined()
  })
})
