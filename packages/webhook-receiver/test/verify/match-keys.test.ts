import { describe, expect, test } from 'vitest'
import { type DigestKey, matchKeys } from '../../src/verify/match-keys.ts'
import { nodeHashes } from '../../src/verify/node-hashes.ts'
import { RequestReader } from '../../src/verify/request-reader.ts'
import { checkSecrets, type WebhookSecret } from '../../src/verify/webhook-secret.ts'

/** Keys whose digest is their index. */
function keysOf(
  values: readonly (string | WebhookSecret)[],
  later: boolean,
  asked: number[] = [],
): readonly DigestKey[] {
  return checkSecrets('secrets', values).map((secret) => ({
    secret,
    digest: () => {
      asked.push(secret.keyIndex)
      const bytes = Uint8Array.of(secret.keyIndex)
      return later ? Promise.resolve(bytes) : bytes
    },
  }))
}

function messageOf(receivedAt: number, ...signatures: readonly number[]) {
  const reader = new RequestReader({ headers: [], body: new Uint8Array(), receivedAt })
  return { reader, pieces: [], signatures: signatures.map((byte) => Uint8Array.of(byte)) }
}

describe.each([
  ['at once', false],
  ['later', true],
])('matchKeys, where hashes are there %s', (_when, later) => {
  test('finds the first key that made one of the signatures, and computes no more than it needs', async () => {
    const asked: number[] = []
    const match = matchKeys(keysOf(['a', 'b', 'c'], later, asked), nodeHashes()!)
    expect(await match(messageOf(0, 9, 1, 2))).toMatchObject({ keyIndex: 1 })
    expect(asked).toEqual([0, 1])
  })

  test('finds none where none fits', async () => {
    const match = matchKeys(keysOf(['a', 'b'], later), nodeHashes()!)
    expect(await match(messageOf(0, 9))).toBe('mismatch')
    expect(await match({ ...messageOf(0), signatures: [Uint8Array.of(0, 0)] })).toBe('mismatch')
    expect(await matchKeys([], nodeHashes()!)(messageOf(0, 0))).toBe('mismatch')
  })

  test('passes keys over that are not valid when the request arrives', async () => {
    const values = [
      { value: 'a', notAfter: 100 },
      { value: 'b', notBefore: 100 },
    ]
    const match = matchKeys(keysOf(values, later), nodeHashes()!)
    expect(await match(messageOf(99, 0, 1))).toMatchObject({ keyIndex: 0 })
    expect(await match(messageOf(100, 0, 1))).toMatchObject({ keyIndex: 1 })
    expect(await match(messageOf(99, 1))).toBe('mismatch')
  })
})

test('matchKeys is synchronous where hashes are', () => {
  expect(matchKeys(keysOf(['a'], false), nodeHashes()!)(messageOf(0, 0))).not.toBeInstanceOf(Promise)
})
