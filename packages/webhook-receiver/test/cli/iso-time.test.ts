import { describe, expect, it } from 'vitest'
import { isoTime } from '../../src/cli/iso-time.ts'
import { holdfast, sampleEvent, storedDirectory } from './cli-fixture.ts'

describe('isoTime', () => {
  it.each([
    ['2026', '2026-01-01T00:00:00.000Z'],
    ['2026-11', '2026-11-01T00:00:00.000Z'],
    ['2026-11-26', '2026-11-26T00:00:00.000Z'],
    ['2026-11-26T14:30', '2026-11-26T14:30:00.000Z'],
    ['2026-11-26 14:30:05', '2026-11-26T14:30:05.000Z'],
    ['2026-11-26T14:30:05.1239Z', '2026-11-26T14:30:05.123Z'],
    ['2026-11-26T14:30:05+02:00', '2026-11-26T12:30:05.000Z'],
    ['2028-02-29', '2028-02-29T00:00:00.000Z'],
    ['+010000-01-01T00:00:00.000Z', '+010000-01-01T00:00:00.000Z'],
  ])('reads %s as %s', (text, expected) => {
    expect(new Date(isoTime(text) ?? Number.NaN).toISOString()).toBe(expected)
  })

  it.each([
    '',
    '-1',
    '1',
    '26 Nov 2026',
    '2026-02-30',
    '2026-02-30T10:00Z',
    '2027-02-29',
    '2026-13-01',
    '2026-11-26T25:00',
    'now',
  ])('takes `%s` for none', (text) => {
    expect(isoTime(text)).toBeUndefined()
  })
})

describe('--from and --to', () => {
  it('take four digits for a year, and more for ms', async () => {
    const directory = await storedDirectory([1, 2].map((number) => sampleEvent(number)))
    const chosen = async (...args: string[]) =>
      (await holdfast(['tail', directory, ...args])).stdout.split('\n').length - 1
    expect(await chosen('--from', '2027')).toBe(0)
    expect(await chosen('--to', '2027')).toBe(2)
    expect(await chosen('--from', String(Date.UTC(2026, 10, 26, 2)))).toBe(1)
  })

  it.each(['2026-02-30', '-1', '99999999999999999'])('refuse `%s`', async (text) => {
    const { code, stderr } = await holdfast(['tail', await storedDirectory([sampleEvent(1)]), `--from=${text}`])
    expect({ code, stderr }).toEqual({
      code: 2,
      stderr: `holdfast: --from takes a time such as 2026-11-26T14:00:00Z, got \`${text}\`.\n`,
    })
  })
})
