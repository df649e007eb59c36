import { BufferError } from '@holdfast/webhook-receiver'
import { describe, expect, test } from 'vitest'
import { bufferFailure } from '../../src/postgres/buffer-failure.ts'

const thrown = (code: string): Error => Object.assign(new Error('what the server said'), { code })

describe('bufferFailure', () => {
  test.each([
    ['53100', 'buffer_full', 'The disk of PostgreSQL is full.'],
    ['3F000', 'buffer_unusable', /run what `postgresMigrations\(\)` prints.*\(3F000\)/],
    ['42P01', 'buffer_unusable', /run what `postgresMigrations\(\)` prints.*\(42P01\)/],
    ['42883', 'buffer_unusable', /run what `postgresMigrations\(\)` prints.*\(42883\)/],
    ['42501', 'buffer_unusable', /`execute` on its functions.*\(42501\)/],
    ['57P03', 'buffer_failed', 'PostgreSQL did not do what it was asked: 57P03.'],
    ['EPIPE', 'buffer_failed', 'PostgreSQL was not reached: EPIPE.'],
    ['ECONNREFUSED', 'buffer_failed', 'PostgreSQL was not reached: ECONNREFUSED.'],
  ])('says of %s what is to be done', (code, reason, message) => {
    const cause = thrown(code)
    const failure = bufferFailure(cause)
    expect(failure).toMatchObject({ reason, cause })
    expect(failure.message).toMatch(message)
  })

  test('finds what the server said in an error that a library has wrapped', () => {
    const cause = new Error('Failed query: select …', { cause: thrown('42P01') })
    expect(bufferFailure(cause)).toMatchObject({ reason: 'buffer_unusable', cause })
  })

  test('ends with causes that go round', () => {
    const cause: Error = new Error('round')
    cause.cause = cause
    expect(bufferFailure(cause)).toMatchObject({ reason: 'buffer_failed', cause })
  })

  test('repeats nothing that the server said, for it quotes values', () => {
    for (const code of ['53100', '42501', '23505', '']) {
      expect(bufferFailure(thrown(code)).message).not.toContain('what the server said')
    }
  })

  test('leaves what the buffer itself says as it is', () => {
    const error = new BufferError('buffer_closed', 'The buffer is not open.')
    expect(bufferFailure(error)).toBe(error)
  })
})
