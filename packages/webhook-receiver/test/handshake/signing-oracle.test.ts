import { createHmac } from 'node:crypto'
import { challengePattern, checkConnector, type Connector, type Handshake, type HmacScheme } from '@holdfast/core'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { compileVerifier, createVerifier } from '../../src/verify/verifier.ts'
import { nodeHashes } from '../../src/verify/node-hashes.ts'
import type { VerifiableRequest } from '../../src/verify/verifiable-request.ts'
import { sourceWith } from '../receiver/source-fixture.ts'

const SECRET = 'a secret'
const examples: Handshake['examples'] = [
  { source: 'test', request: { url: 'https://a.example/' }, response: { status: 200, body: '' } },
]

/** The three ways in which connectors keep events and challenges apart. */
const hmac: Omit<HmacScheme, 'message'> = {
  scheme: 'hmac',
  hash: 'sha256',
  encoding: 'hex',
  secret: { encoding: 'utf8' },
  signature: { from: 'header', name: 'x-signature' },
}
const schemes: Readonly<Record<string, HmacScheme>> = {
  'the body alone': { ...hmac, message: [{ part: 'body' }] },
  'a field of a form': { ...hmac, message: [{ part: 'field', pointer: '/payload' }] },
  'time and body with a separator': {
    ...hmac,
    message: [{ part: 'literal', value: 'v0:' }, { part: 'timestamp', after: ':' }, { part: 'body' }],
    timestamp: { from: 'header', name: 'x-time', format: 'epoch_s' },
  },
}

const alphabet = 'A-Za-z0-9+/=._~-'
const crc: Handshake = {
  name: 'crc',
  when: [{ method: 'GET' }, { from: 'query', name: 'crc' }],
  challenge: { from: 'query', name: 'crc', alphabet, maxLength: 64 },
  respond: { status: 200, body: { hmac: { hash: 'sha256', encoding: 'hex' } } },
  examples,
}

function connectorWith(scheme: HmacScheme, handshakes: readonly Handshake[] = [crc]): Connector {
  return checkConnector({ id: 'acme', name: 'Acme', sources: [], webhook: { verify: [scheme], handshakes } })
}

/** Every request in which somebody could try to pass `text` for what is signed. */
function forgeries(text: string, signature: string): readonly VerifiableRequest[] {
  const bytes = (body: string): Uint8Array => new TextEncoder().encode(body)
  const headers = [
    ['x-signature', signature],
    ['x-time', '0'],
  ] as const
  const form = ['content-type', 'application/x-www-form-urlencoded'] as const
  const bodies = [text, '', JSON.stringify({ payload: text }), `payload=${encodeURIComponent(text)}`]
  return bodies.flatMap((body) => [
    { headers, body: bytes(body), receivedAt: 0 },
    { headers: [...headers, form], body: bytes(body), receivedAt: 0 },
    { headers: [...headers, form], body: bytes(`${body}&payload=x`), receivedAt: 0 },
  ])
}

const characters = Array.from({ length: 95 }, (_, index) => String.fromCharCode(0x20 + index)).filter((character) =>
  challengePattern({ alphabet, maxLength: 1 }).test(character),
)
const challenges = fc.string({ unit: fc.constantFrom(...characters), minLength: 1, maxLength: 70 })

describe.each(Object.entries(schemes))('where events are signed by %s', (_name, scheme) => {
  test('no answer to a handshake verifies as an event, whatever was asked', async () => {
    const connector = connectorWith(scheme)
    const { send } = await sourceWith(connector.webhook ?? {})
    const verifier = createVerifier({ connector, secrets: [SECRET] })
    await fc.assert(
      fc.asyncProperty(challenges, async (challenge) => {
        const reply = await send({ method: 'GET', url: `/?crc=${encodeURIComponent(challenge)}` })
        // What is refused gives nothing away.
        const answer = createHmac('sha256', SECRET).update(challenge).digest('hex')
        if (reply.status !== 200) expect(reply.body).not.toContain(answer)
        else expect(reply.body).toBe(answer)
        for (const request of forgeries(challenge, reply.body)) {
          expect(await verifier.verify(request)).toMatchObject({ ok: false })
        }
      }),
      { numRuns: 300 },
    )
  })

  test('real events verify', async () => {
    const verifier = createVerifier({ connector: connectorWith(scheme), secrets: [SECRET] })
    const body = 'payload=PD94bWw%2B%0A&more=1'
    const message = { 'the body alone': body, 'a field of a form': 'PD94bWw+\n' }[_name] ?? `v0:0:${body}`
    const request: VerifiableRequest = {
      headers: [
        ['x-signature', createHmac('sha256', SECRET).update(message).digest('hex')],
        ['x-time', '0'],
        ['content-type', 'application/x-www-form-urlencoded'],
      ],
      body: new TextEncoder().encode(body),
      receivedAt: 0,
    }
    expect(await verifier.verify(request)).toMatchObject({ ok: true })
  })
})

test('Without the handshake the same requests would verify: the guard is what refuses them', async () => {
  const { 'the body alone': scheme } = schemes
  if (scheme === undefined) throw new Error('there is no such scheme')
  const hashes = nodeHashes()
  if (hashes === undefined) throw new Error('node:crypto is missing')
  const answer = createHmac('sha256', SECRET).update('token').digest('hex')
  const request = {
    headers: [['x-signature', answer]] as const,
    body: new TextEncoder().encode('token'),
    receivedAt: 0,
  }
  const verify = (handshakes: readonly Handshake[]): unknown =>
    compileVerifier('', { connector: connectorWith(scheme, handshakes), secrets: [SECRET] }, hashes).verify(request)
  expect(verify([])).toMatchObject({ ok: true })
  expect(verify([crc])).toEqual({ ok: false, code: 'signature_invalid', reason: 'could_be_challenge' })
})
