import { createHmac } from 'node:crypto'
import github from '@holdfast/adapters/connectors/github'
import { createVerifier } from '@holdfast/webhook-receiver'
import { sign, verify as octokitVerify } from '@octokit/webhooks-methods'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { awkwardTexts, bytesOf, invalidUtf8, largestBody, withOneWrongCharacter } from './awkward-bodies.ts'

const SECRET = "It's a Secret to Everybody"
const verifier = createVerifier({ connector: github, secrets: ['retired secret', SECRET] })

function verify(signature: string, body: Uint8Array) {
  return verifier.verify({ headers: [['X-Hub-Signature-256', signature]], body, receivedAt: 0 })
}

describe('the github connector', () => {
  test.each(awkwardTexts)('verifies what @octokit/webhooks-methods signed: %s', async (_title, text) => {
    const signature = await sign(SECRET, text)
    expect(await verify(signature, bytesOf(text))).toMatchObject({ ok: true, keyIndex: 1, bound: ['body'] })
  })

  test('agrees with @octokit/webhooks-methods on any body and any tampering', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.string({ unit: 'binary', minLength: 1 }),
        fc.nat(),
        fc.boolean(),
        async (text, place, tamper) => {
          const signature = await sign(SECRET, text)
          const at = 'sha256='.length + (place % 64)
          const sent = tamper
            ? signature.slice(0, at) + (signature[at] === '0' ? '1' : '0') + signature.slice(at + 1)
            : signature
          const ours = await verify(sent, bytesOf(text))
          expect(ours.ok).toBe(await octokitVerify(SECRET, text, sent))
          expect(ours.ok).toBe(!tamper)
        },
      ),
      { numRuns: 100 },
    )
  })

  test('refuses a signature with a wrong character anywhere', async () => {
    const signature = await sign(SECRET, '{}')
    for (const wrong of withOneWrongCharacter(signature, 'f')) {
      expect(await verify(wrong, bytesOf('{}'))).toMatchObject({ ok: false })
      expect(await octokitVerify(SECRET, '{}', wrong).catch(() => false)).toBe(false)
    }
  })

  test('verifies bytes that are not UTF-8, an empty body and the largest body', async () => {
    for (const body of [invalidUtf8, new Uint8Array(0), largestBody]) {
      const signature = `sha256=${createHmac('sha256', SECRET).update(body).digest('hex')}`
      expect(await verify(signature, body)).toMatchObject({ ok: true })
      expect(await verify(signature, Uint8Array.of(...body.subarray(0, 4), 0))).toMatchObject({ ok: false })
    }
  })

  test('accepts upper-case hexadecimal and refuses the SHA-1 header', async () => {
    const signature = await sign(SECRET, '{}')
    expect(await verify(`sha256=${signature.slice(7).toUpperCase()}`, bytesOf('{}'))).toMatchObject({ ok: true })
    const sha1 = `sha1=${createHmac('sha1', SECRET).update('{}').digest('hex')}`
    expect(await verify(sha1, bytesOf('{}'))).toMatchObject({ ok: false, reason: 'malformed_signature' })
  })
})
