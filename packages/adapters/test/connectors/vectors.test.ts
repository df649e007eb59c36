import type { SignatureTimestamp, VerificationScheme } from '@holdfast/core'
import { describe, expect, test } from 'vitest'
import { type SchemeVector, vectors } from './load-connectors.ts'
import { otherSecret } from './other-secret.ts'
import { withSameChecksum } from './same-checksum.ts'
import { bodyOf, verifyVector } from './verify-vector.ts'

describe.each(vectors)('$name', (sample) => {
  const { scheme, vector } = sample

  test('verifies under its own scheme', async () => {
    const keyIndex = vector.secret === undefined ? -1 : 0
    expect(await verifyVector(sample)).toMatchObject({ ok: true, scheme: scheme.scheme, keyIndex })
  })

  test('verifies among other secrets, in any order, and not with others alone', async () => {
    const other = otherSecret(scheme)
    if (other === undefined || vector.secret === undefined) return
    expect(await verifyVector(sample, { secrets: [other, vector.secret] })).toMatchObject({ ok: true, keyIndex: 1 })
    expect(await verifyVector(sample, { secrets: [vector.secret, other] })).toMatchObject({ ok: true, keyIndex: 0 })
    const reason = 'recipient' in scheme && scheme.recipient !== undefined ? 'wrong_recipient' : 'mismatch'
    expect(await verifyVector(sample, { secrets: [other] })).toMatchObject({ ok: false, reason })
  })

  if (vector.keys !== undefined)
    test('does not verify where the provider has no such key', async () => {
      const { keys: _, ...keyless } = vector
      expect(await verifyVector({ ...sample, vector: keyless })).toMatchObject({ ok: false, reason: 'unknown_key' })
    })

  test('says of the body what a change of any one byte of it shows', async () => {
    const result = await verifyVector(sample)
    const covered = result.ok && result.bound.includes('body')
    const body = bodyOf(vector)
    const forged = hasChecksum(scheme) ? (await verifyVector(sample, { body: withSameChecksum(body) })).ok : false
    let accepted = forged ? 1 : 0
    for (let index = 0; index < body.length; index++) {
      const changed = Uint8Array.from(body)
      changed[index] = (changed[index] ?? 0) ^ 0x20
      if (isSameForm(scheme, body, changed)) continue
      if ((await verifyVector(sample, { body: changed })).ok) accepted++
    }
    expect(accepted > 0).toBe(body.length > 0 && !covered)
  })

  test('claims the event id to be signed only where it is', async () => {
    const result = await verifyVector(sample)
    const claimed = (scheme.eventId ?? sample.connector.webhook?.eventId)?.signed === true
    const relative = sample.connector.webhook?.batch !== undefined
    if (claimed && !relative) expect(result).toMatchObject({ bound: expect.arrayContaining(['id']) })
  })

  test('needs every header and parameter that its result says is covered', async () => {
    for (const name of Object.keys(vector.headers)) {
      const { [name]: _, ...headers } = vector.headers
      const result = await verifyVector(sample, { headers })
      if (result.ok) expect(result.bound).not.toContain(`header:${name}`)
    }
  })

  if (isHex(scheme))
    test('takes hexadecimal digits of either case', async () => {
      const headers = Object.fromEntries(
        Object.entries(vector.headers).map(([name, value]) => [
          name,
          value.replace(/[\da-f]{40,}/g, (digits) => digits.toUpperCase()),
        ]),
      )
      expect(await verifyVector(sample, { headers })).toMatchObject({ ok: true })
    })

  if (isBase64(scheme))
    test('takes base64 without padding', async () => {
      const headers = Object.fromEntries(
        Object.entries(vector.headers).map(([name, value]) => [name, value.replace(/=+(?=$|[ ,;&])/g, '')]),
      )
      expect(await verifyVector(sample, { headers })).toMatchObject({ ok: true })
    })
})

describe.each(timed(vectors))('$name', (sample) => {
  const { receivedAt = 0 } = sample.vector
  const tolerance = sample.timestamp.toleranceMs

  if (tolerance === undefined)
    test('is judged by its age only where the application sets a tolerance', async () => {
      const late = receivedAt + 86_400_000
      expect(await verifyVector(sample, { receivedAt: late })).toMatchObject({ ok: true })
      expect(await verifyVector(sample, { receivedAt: late, toleranceMs: 60_000 })).toMatchObject({
        reason: 'stale_timestamp',
      })
    })

  if (tolerance !== undefined)
    test('does not verify outside of the tolerance', async () => {
      const beyond = (tolerance ?? 0) + 1000
      expect(await verifyVector(sample, { receivedAt: receivedAt + beyond })).toMatchObject({
        reason: 'stale_timestamp',
      })
      expect(await verifyVector(sample, { receivedAt: receivedAt - beyond })).toMatchObject({
        reason: 'future_timestamp',
      })
    })
})

interface TimedVector extends SchemeVector {
  readonly timestamp: SignatureTimestamp
}

function timed(all: readonly SchemeVector[]): readonly TimedVector[] {
  return all.flatMap((sample) => {
    const { scheme } = sample
    return 'timestamp' in scheme && scheme.timestamp !== undefined ? [{ ...sample, timestamp: scheme.timestamp }] : []
  })
}

/** Whether only the decoded fields are signed, and the change is none of them: `%2B` is `%2b`. */
function isSameForm(scheme: VerificationScheme, body: Uint8Array, changed: Uint8Array): boolean {
  if (!('message' in scheme) || !scheme.message.some(({ part }) => part === 'sortedForm')) return false
  return fieldsOf(body) === fieldsOf(changed)
}

/** Whether of the body only a checksum is signed, so that no change of one byte passes and another body does. */
function hasChecksum(scheme: VerificationScheme): boolean {
  return 'message' in scheme && scheme.message.some((part) => part.part === 'bodyHash' && part.hash === 'crc32')
}

function fieldsOf(body: Uint8Array): string {
  const fields = new URLSearchParams(new TextDecoder().decode(body))
  fields.sort()
  return fields.toString()
}

function isHex(scheme: VerificationScheme): boolean {
  return (
    'encoding' in scheme && scheme.encoding === 'hex' && 'signature' in scheme && scheme.signature.from === 'header'
  )
}

function isBase64(scheme: VerificationScheme): boolean {
  return (
    'encoding' in scheme &&
    scheme.encoding === 'base64' &&
    'signature' in scheme &&
    scheme.signature.from === 'header' &&
    scheme.signature.format?.kind !== 'base64Json'
  )
}
