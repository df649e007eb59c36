import fc from 'fast-check'

/** What `Headers` takes: every byte but NUL, LF and CR. */
const byte = fc
  .integer({ min: 0x01, max: 0xff })
  .filter((code) => code !== 0x0a && code !== 0x0d)
  .map((code) => String.fromCharCode(code))

const number = fc.oneof(
  fc.nat({ max: 100 }).map(String),
  fc.nat().map(String),
  fc.double({ min: 0, noNaN: true }).map(String),
  fc.integer({ min: 0, max: 4e12 }).map(String),
)

/** Values of header fields that tell of limits: as providers write them, as they do not, and bytes that mean nothing. */
export const headerValue: fc.Arbitrary<string> = fc.oneof(
  { weight: 4, arbitrary: number },
  fc.string({ unit: byte, maxLength: 12 }),
  fc.tuple(fc.string({ unit: byte, maxLength: 2 }), number).map((parts) => parts.join('')),
  fc
    .tuple(number, fc.constantFrom(',', ';', ', ', '\t', '\v', '\u00A0', '/', 's', 'm', 'ms'), number)
    .map((parts) => parts.join('')),
  fc.date({ noInvalidDate: true }).map((date) => date.toISOString()),
  fc.date({ min: new Date(0), max: new Date('2999-01-01'), noInvalidDate: true }).map((date) => date.toUTCString()),
  fc.constantFrom('', '-1', 'none', '10, 10;w=1', '6m0s', 'a=1/2; b=3/4'),
  // Longer than what is read.
  fc.constant(`5,${'1'.repeat(1_200)}`),
)

/** Wall-clock time in milliseconds. */
export const wallClock: fc.Arbitrary<number> = fc.integer({ min: 0, max: 4e12 })
