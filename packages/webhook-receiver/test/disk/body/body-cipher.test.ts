import { randomBytes } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { BodyCipher, cipherHeadOf } from '../../../src/disk/body/body-cipher.ts'
import { type BodyKey, KeyRing } from '../../../src/disk/body/key-ring.ts'

const salt = Buffer.alloc(16, 7)
const record = { meta: '{"i":"é"}', metaBytes: 10, body: Buffer.from('a body') }
const place = { seq: 9, type: 1, flags: 4, metaBytes: 10 }

async function keyOf(secret: Uint8Array = Buffer.alloc(32, 1)): Promise<BodyKey> {
  const key = await new KeyRing({ keyId: 'k1', key: () => secret }).current()
  if (key === undefined) throw new Error('There is no key.')
  return key
}

function decrypt(cipher: BodyCipher, sealed: Buffer, at: typeof place = place): string | undefined {
  const head = cipherHeadOf(sealed)
  return head && cipher.decrypt(sealed, head, at)?.toString('utf8')
}

describe('BodyCipher', () => {
  test('gives back meta and body, and never makes the same bytes twice', async () => {
    const cipher = new BodyCipher(await keyOf(), salt)
    const sealed = cipher.encrypt(record, place)
    expect(decrypt(cipher, sealed)).toBe('{"i":"é"}a body')
    expect(sealed.includes('a body')).toBe(false)
    expect(cipher.encrypt(record, place).equals(sealed)).toBe(false)
    expect(cipherHeadOf(sealed)?.keyId).toBe('k1')
  })

  test('takes nothing in which a bit was changed', async () => {
    const cipher = new BodyCipher(await keyOf(), salt)
    const sealed = cipher.encrypt(record, place)
    const key = await keyOf()
    for (let bit = 0; bit < sealed.length * 8; bit++) {
      const damaged = Buffer.from(sealed)
      damaged.writeUInt8(damaged.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3)
      const head = cipherHeadOf(damaged)
      const isOfTheKey = head !== undefined && head.keyId === 'k1' && key.check.equals(head.check)
      if (isOfTheKey) expect(decrypt(cipher, damaged), `bit ${bit}`).toBeUndefined()
    }
  })

  test('takes nothing from another place, another segment or another key', async () => {
    const cipher = new BodyCipher(await keyOf(), salt)
    const sealed = cipher.encrypt(record, place)
    for (const other of [{ seq: 10 }, { type: 4 }, { flags: 5 }, { metaBytes: 9 }])
      expect(decrypt(cipher, sealed, { ...place, ...other })).toBeUndefined()
    expect(decrypt(new BodyCipher(await keyOf(), Buffer.alloc(16, 8)), sealed)).toBeUndefined()
    expect(decrypt(new BodyCipher(await keyOf(randomBytes(32)), salt), sealed)).toBeUndefined()
  })

  test.each([0, 1, 20, 35])('takes %i bytes for no encrypted body', async (length) => {
    expect(cipherHeadOf(Buffer.alloc(length))).toBeUndefined()
  })
})
