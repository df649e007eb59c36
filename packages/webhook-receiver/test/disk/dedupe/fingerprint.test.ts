import { createHash } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { fingerprintOf, wordOf } from '../../../src/disk/dedupe/fingerprint.ts'

const KEY = '0123456789abcdef0123456789abcdef'

describe('fingerprintOf', () => {
  test('is a SHA-256 of key and identity, one character for each byte', () => {
    const fingerprint = fingerprintOf(KEY, 'evt_1')
    expect(fingerprint).toHaveLength(32)
    expect(Buffer.from(fingerprint, 'latin1')).toEqual(createHash('sha256').update(KEY).update('evt_1').digest())
  })

  test('differs with the key', () => {
    expect(fingerprintOf(KEY, 'evt_1')).not.toBe(fingerprintOf(KEY.replace('0', '1'), 'evt_1'))
  })
})

describe('wordOf', () => {
  test('reads four bytes, big endian and without a sign', () => {
    const fingerprint = Buffer.from('ff00000180000000', 'hex').toString('latin1')
    expect([wordOf(fingerprint, 0), wordOf(fingerprint, 4)]).toEqual([0xff00_0001, 0x8000_0000])
  })
})
