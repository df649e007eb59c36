import { expect, it } from 'vitest'
import { fuzz } from './fuzz.ts'

it('accepts none of 10,000 strange requests, throws at none, and shows no secret', async () => {
  const { defects, reasons, schemes } = await fuzz({ inputs: 10_000, seed: 20_261_126 })
  expect(defects).toEqual([])
  // The requests are near enough to the real ones to get to the signature, and far enough to fail before it, too.
  expect(reasons['mismatch'] ?? 0).toBeGreaterThan(10 * schemes)
  for (const reason of ['missing_header', 'malformed_signature', 'duplicate_header', 'malformed_timestamp'])
    expect(reasons[reason], reason).toBeGreaterThan(schemes)
}, 120_000)
