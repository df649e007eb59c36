import * as fc from 'fast-check'

/** Any bytes that can be the value of a header: all of Latin-1 but NUL, CR and LF. */
export const headerValue: fc.Arbitrary<string> = fc
  .array(
    fc.integer({ min: 1, max: 255 }).filter((code) => code !== 10 && code !== 13),
    { maxLength: 60 },
  )
  .map((codes) => String.fromCharCode(...codes))
