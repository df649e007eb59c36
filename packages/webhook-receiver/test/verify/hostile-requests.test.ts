import { expect, test } from 'vitest'
import { createVerifier } from '../../src/verify/verifier.ts'
import { connectorOf, plainScheme, SECRET } from './sample-connectors.ts'

const NO_SIGNATURE = `sha256=${'0'.repeat(64)}`

test.each([
  ['[', '', ']'],
  ['{"a":', '1', '}'],
])('JSON that is nested without end by %j is refused like everything else', async (open, inner, close) => {
  const verifier = createVerifier({ connector: connectorOf([plainScheme]), secrets: [SECRET] })
  for (const depth of [100, 3_000, 10_000]) {
    const body = Buffer.from(open.repeat(depth) + inner + close.repeat(depth))
    const result = await verifier.verify({ headers: [['x-signature', NO_SIGNATURE]], body, receivedAt: 0 })
    expect(result).toMatchObject({ ok: false, reason: 'mismatch' })
  }
})
