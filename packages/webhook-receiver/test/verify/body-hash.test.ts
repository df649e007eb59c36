import { createHash } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { compileBodyHash } from '../../src/verify/body-hash.ts'
import { nodeHashes } from '../../src/verify/node-hashes.ts'
import { RequestReader } from '../../src/verify/request-reader.ts'

const body = Buffer.from('{"a":1}')
const digest = createHash('sha256').update(body).digest('hex')

describe('compileBodyHash', () => {
  const check = compileBodyHash({ from: 'query', name: 'h', hash: 'sha256', encoding: 'hex' }, nodeHashes()!)
  const judge = (query: string) => check(new RequestReader({ headers: [], body, receivedAt: 0, url: `/?${query}` }))

  test('finds nothing wrong with the hash of the body, in either case', async () => {
    expect(await judge(`h=${digest}`)).toBeUndefined()
    expect(await judge(`h=${digest.toUpperCase()}`)).toBeUndefined()
  })

  test.each([
    ['', 'missing_field'],
    [`h=${digest}&h=${digest}`, 'duplicate_field'],
    ['h=', 'body_mismatch'],
    ['h=zz', 'body_mismatch'],
    [`h=${digest.slice(2)}`, 'body_mismatch'],
    [`h=${'0'.repeat(64)}`, 'body_mismatch'],
  ])('says of %j: %s', async (query, reason) => {
    expect(await judge(query)).toBe(reason)
  })
})
