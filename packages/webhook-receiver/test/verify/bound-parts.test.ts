import type { MessagePart } from '@holdfast/core'
import { describe, expect, test } from 'vitest'
import { coverageOf } from '../../src/verify/bound-parts.ts'

describe('coverageOf', () => {
  const bodyId = { from: 'body', pointer: '/id', signed: true } as const
  const hashed = (hash: 'sha256' | 'crc32'): MessagePart => ({ part: 'bodyHash', hash, encoding: 'hex' })

  test('counts a hash of the body as the body, and what is in it', () => {
    expect(coverageOf({ message: [hashed('sha256')] }, bodyId)).toEqual({
      bound: ['body', 'id'],
      strength: 'signature',
    })
  })

  test('counts a checksum of the body as nothing, for another body can have the same', () => {
    const message: readonly MessagePart[] = [{ part: 'timestamp' }, hashed('crc32')]
    expect(coverageOf({ message }, bodyId)).toEqual({ bound: ['timestamp'], strength: 'partial' })
  })

  test('counts the body where a checksum stands beside it', () => {
    const message: readonly MessagePart[] = [{ part: 'body' }, hashed('crc32')]
    expect(coverageOf({ message }, undefined)).toEqual({ bound: ['body'], strength: 'signature' })
  })
})
