import type { HmacScheme } from '@holdfast/core'
import { expect, test } from 'vitest'
import { createVerifier } from '../../src/verify/verifier.ts'
import { connectorOf, hmac, plainScheme, SECRET } from './sample-connectors.ts'

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

const everyItem: HmacScheme = {
  ...plainScheme,
  each: '/items',
  signature: { from: 'body', pointer: '/signature' },
  message: [{ part: 'field', pointer: '/amount' }],
}

test('one signed item that is repeated as often as a body has room is judged like any other', async () => {
  const verifier = createVerifier({ connector: connectorOf([everyItem]), secrets: [SECRET] })
  const item = `{"amount":1.50,"signature":"${hmac('hex', SECRET, '1.50')}"}`
  const bodyOf = (last: string): Uint8Array => Buffer.from(`{"items":[${`${item},`.repeat(20_000)}${last}]}`)
  expect(await verifier.verify({ headers: [], body: bodyOf(item), receivedAt: 0 })).toMatchObject({ ok: true })
  const forged = item.replace('1.50', '2.50')
  expect(await verifier.verify({ headers: [], body: bodyOf(forged), receivedAt: 0 })).toMatchObject({ ok: false })
})

test('items behind the first that is not signed cost nothing', async () => {
  const verifier = createVerifier({ connector: connectorOf([everyItem]), secrets: [SECRET] })
  const body = Buffer.from(`{"items":[${'0,'.repeat(1_000_000)}0]}`)
  await verifier.verify({ headers: [], body, receivedAt: 0 })
  const startedAt = performance.now()
  JSON.parse(body.toString())
  const parsedIn = performance.now() - startedAt
  expect(await verifier.verify({ headers: [], body, receivedAt: 0 })).toMatchObject({ reason: 'missing_field' })
  // A reader for each item takes seconds.
  expect(performance.now() - startedAt - parsedIn).toBeLessThan(20 * parsedIn)
})

test('an id of characters that are no bytes is not taken for the bytes at their lower end', async () => {
  const webhook = { eventId: { from: 'header', name: 'x-id', signed: true } } as const
  const scheme: HmacScheme = { ...plainScheme, message: [{ part: 'id', after: '.' }, { part: 'body' }] }
  const verifier = createVerifier({ connector: connectorOf([scheme], webhook), secrets: [SECRET] })
  const verify = async (id: string): Promise<boolean> => {
    const headers = [
      ['x-id', id],
      ['x-signature', `sha256=${hmac('hex', SECRET, 'msg_1.{}')}`],
    ] as const
    return (await verifier.verify({ headers, body: Buffer.from('{}'), receivedAt: 0 })).ok
  }
  expect(await verify('msg_1')).toBe(true)
  // U+0131, which a platform that decodes headers may hand over: its lower eight bits are those of `1`.
  expect(await verify('msg_\u0131')).toBe(false)
})
