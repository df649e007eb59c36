import { generateKeyPairSync } from 'node:crypto'
import type { HmacScheme, HttpSignatureScheme, SignatureScheme } from '@holdfast/core'
import { expect, test } from 'vitest'
import { nodeHashes } from '../../src/verify/node-hashes.ts'
import type { SignatureProvider } from '../../src/verify/signature-provider.ts'
import { compileVerifier, createVerifier } from '../../src/verify/verifier.ts'
import { BASE64_SECRET, connectorOf, hmac, listScheme, plainScheme, SECRET } from './sample-connectors.ts'

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

/** Milliseconds that a call takes, after one to warm up. */
async function timeOf(call: () => unknown): Promise<number> {
  await call()
  const startedAt = performance.now()
  await call()
  return performance.now() - startedAt
}

// A millisecond where each is looked at once, many seconds where each is looked at from each one before it.
const BLANKS = ' '.repeat(100_000)

test('blanks without end in a list of signatures cost no more than other bytes', async () => {
  const verifier = createVerifier({ connector: connectorOf([listScheme]), secrets: [BASE64_SECRET] })
  const headers = [
    ['webhook-id', 'a'],
    ['webhook-timestamp', '1'],
    ['webhook-signature', `v1,${BLANKS}v1,`],
  ] as const
  expect(await timeOf(() => verifier.verify({ headers, body: new Uint8Array(), receivedAt: 0 }))).toBeLessThan(1_000)
})

test('blanks without end in a covered header cost no more than other bytes', async () => {
  const scheme: HttpSignatureScheme = {
    scheme: 'http-signature',
    algorithms: ['hmac-sha256'],
    requires: ['x-note'],
    secret: { encoding: 'utf8' },
  }
  const verifier = createVerifier({ connector: connectorOf([scheme]), secrets: [SECRET] })
  const headers = [
    ['signature-input', 'a=("x-note")'],
    ['signature', 'a=:AAAA:'],
    ['x-note', `a${BLANKS}b`],
  ] as const
  expect(await timeOf(() => verifier.verify({ headers, body: new Uint8Array(), receivedAt: 0 }))).toBeLessThan(1_000)
})

test('signatures without end are not all tried, where each costs a public-key operation', async () => {
  let tried = 0
  const signatures: SignatureProvider = { importKey: () => () => ++tried < 0 }
  const { encoding, signature: source, message } = listScheme
  const scheme: SignatureScheme = {
    scheme: 'signature',
    encoding,
    signature: source,
    message: message.filter(({ part }) => part !== 'timestamp'),
    algorithm: 'ed25519',
    key: { from: 'secret', format: 'raw' },
  }
  const key = generateKeyPairSync('ed25519').publicKey.export({ type: 'spki', format: 'der' }).subarray(-32)
  const options = { connector: connectorOf([scheme]), secrets: [key.toString('base64')] }
  const verifier = compileVerifier('', options, nodeHashes()!, { signatures })
  const signature = `v1,${Buffer.alloc(64).toString('base64')}`
  const headers = [
    ['webhook-id', 'a'],
    ['webhook-timestamp', '1'],
    ['webhook-signature', Array(1_000).fill(signature).join(' ')],
  ] as const
  expect(await verifier.verify({ headers, body: new Uint8Array(), receivedAt: 0 })).toMatchObject({ ok: false })
  expect(tried).toBeLessThan(100)
})
