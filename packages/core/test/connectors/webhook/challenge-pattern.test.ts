import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { challengePattern, isAlphabet } from '../../../src/connectors/webhook/challenge-pattern.ts'

describe('challengePattern', () => {
  test('takes what the alphabet has, up to the longest, and never nothing', () => {
    const pattern = challengePattern({ alphabet: 'a-f0-9._-', maxLength: 4 })
    for (const text of ['a', 'f0-.', '____']) expect(pattern.test(text), text).toBe(true)
    for (const text of ['', 'g', 'A', 'aaaaa', 'a\n', 'a b', 'ä']) expect(pattern.test(text), text).toBe(false)
  })

  test('reads a character of the alphabet as itself, whatever it means in a pattern', () => {
    const pattern = challengePattern({ alphabet: String.raw`^]\[.`, maxLength: 9 })
    for (const text of ['^', ']', '\\', '[', '.', ']^[']) expect(pattern.test(text), text).toBe(true)
    for (const text of ['a', 'd', 'w', '/']) expect(pattern.test(text), text).toBe(false)
  })

  test('takes exactly the characters that are written out', () => {
    const printable = Array.from({ length: 95 }, (_, index) => String.fromCharCode(0x20 + index))
    fc.assert(
      fc.property(fc.uniqueArray(fc.constantFrom(...printable), { minLength: 1 }), (characters) => {
        const alphabet = characters.filter((one) => one !== '-').join('') + (characters.includes('-') ? '-' : '')
        expect(isAlphabet(alphabet)).toBe(true)
        const pattern = challengePattern({ alphabet, maxLength: 1 })
        for (const one of printable) expect(pattern.test(one), one).toBe(characters.includes(one))
      }),
    )
  })
})
