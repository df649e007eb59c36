import { inspect } from 'node:util'
import { describe, expect, test } from 'vitest'
import { InvalidOptionsError } from '../../src/errors/invalid-options-error.ts'

function errorFor(received: unknown): InvalidOptionsError {
  return new InvalidOptionsError({ path: 'client', expected: 'a client', received })
}

describe('InvalidOptionsError', () => {
  test.each([
    [undefined, '`undefined`'],
    ['text', '`"text"` (string)'],
    ['x'.repeat(61), `\`"${'x'.repeat(60)}…"\` (string)`],
    [[1, 2], 'an array of 2'],
    [{ a: 1 }, 'an object with keys a'],
    [() => undefined, 'a function'],
    [3, '`3` (number)'],
  ])('says what came: %o', (received, text) => {
    expect(errorFor(received).message).toBe(`Expected \`client\` to be a client, got ${text}.`)
  })

  test.each([
    ['postgres://app:the-password@db.internal:5432/inbox', 'postgres://…@db.internal:5432/inbox'],
    ['redis://:the-password@10.0.0.5', 'redis://…@10.0.0.5'],
    ['https://the-password:p@ss@host/path?a=b', 'https://…@host/path?…'],
    ['https://the-password:p@ss@host/path?at=a@b', 'https://…@b'],
    ['postgres://app:the-password/s@db', 'postgres://…@db'],
    ['redis://:the-password#b@host', 'redis://…@host'],
    ['redis://:the-password?@host', 'redis://…@host'],
    ['postgres://db/inbox?user=app&password=the-password', 'postgres://db/inbox?…'],
  ])('leaves the credentials of a URL out', (url, shown) => {
    const error = errorFor(url)
    expect(error.message).toContain(`\`"${shown}"\` (string)`)
    expect(inspect(error) + JSON.stringify(error)).not.toContain('the-password')
  })
})
