import { readPointer, type VerificationScheme } from '@holdfast/core'
import { fakeClock } from '@holdfast/core/testing'
import { createVerifier, type Verified, type VerifyResult } from '@holdfast/webhook-receiver'
import {
  generateWebhookKey,
  type SignedRequest,
  signRequest,
  type WebhookBody,
} from '@holdfast/webhook-receiver/testing'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { webhookConnectors } from '../fuzz/all-connectors.ts'

const NOW = 1_764_000_000_000
const clock = fakeClock(NOW)

const schemes = (await webhookConnectors()).flatMap((connector) =>
  (connector.webhook?.verify ?? []).map((scheme, index) => ({
    title: `${connector.id}, scheme ${index} (${scheme.scheme})`,
    connector,
    scheme,
    index,
  })),
)

// They share their data with the verifier: what is shown here is that they fit together, and nothing about a provider.
describe.each(schemes)('signRequest for $title', ({ connector, scheme, index }) => {
  test('makes what the receiver verifies, and with one thing changed that is bound does not', async () => {
    const key = await generateWebhookKey({ connector, scheme: index })
    const verifier = createVerifier({ connector, ...key.source, allowUnverified: scheme.scheme === 'none' })
    const verify = (request: SignedRequest): Promise<VerifyResult> | VerifyResult => verifier.verify(request)
    await fc.assert(
      fc.asyncProperty(bodyFor(scheme), fc.nat(), async (body, place) => {
        const signed = await signRequest({ connector, key, body, clock })
        const result = await verify(signed)
        expect(result).toMatchObject({ ok: true, scheme: scheme.scheme })
        for (const changed of changes(signed, result as Verified, scheme, place))
          expect(await verify(changed)).toMatchObject({ ok: false })
      }),
      { numRuns: 10 },
    )
  })

  test('sends the parts as one Request', async () => {
    const key = await generateWebhookKey({ connector, scheme: index })
    const [body] = fc.sample(bodyFor(scheme), { numRuns: 1, seed: 1 })
    const { request, ...parts } = await signRequest({ connector, key, clock, ...(body !== undefined && { body }) })
    expect({ method: request.method, url: request.url }).toEqual({ method: parts.method, url: parts.url })
    expect(Object.fromEntries(request.headers)).toEqual(Object.fromEntries(parts.headers))
    expect(new Uint8Array(await request.arrayBuffer())).toEqual(parts.body)
  })
})

/** Bodies of any kind that a scheme can sign. */
function bodyFor(scheme: VerificationScheme): fc.Arbitrary<WebhookBody> {
  const json = fc.dictionary(
    fc.string().map((key) => `x${key}`),
    fc.jsonValue(),
  )
  if (scheme.each !== undefined) {
    const name = scheme.each.slice(1)
    return fc.array(json, { minLength: 1, maxLength: 3 }).map((items) => ({ [name]: items }))
  }
  if ('message' in scheme && scheme.message.some(({ part }) => part === 'sortedForm'))
    return fc.array(fc.tuple(fc.string(), fc.string())).map((pairs) => new URLSearchParams(pairs))
  if (touchesBody(scheme)) return json
  // Nothing that could be a challenge to be hashed.
  return fc.uint8Array().map((bytes) => Uint8Array.of(0x7b, 0xff, ...bytes))
}

function touchesBody(scheme: VerificationScheme): boolean {
  if (scheme.scheme === 'token') return scheme.header === undefined
  if (!('message' in scheme)) return false
  const { signature, timestamp, message } = scheme
  const key = 'key' in scheme && scheme.key.from === 'url' ? [scheme.key.url, scheme.key.keyId] : []
  const sources = [signature, timestamp, 'recipient' in scheme ? scheme.recipient : undefined, ...key]
  return (
    sources.some((source) => typeof source === 'object' && source.from === 'body') ||
    message.some(({ part }) => part === 'field')
  )
}

/** The request with one thing changed each that its signature covers. */
function changes(
  signed: SignedRequest,
  { bound }: Verified,
  scheme: VerificationScheme,
  place: number,
): readonly SignedRequest[] {
  return bound.flatMap((part): readonly SignedRequest[] => {
    if (part === 'body')
      return [{ ...signed, body: isForm(scheme) ? withOneMore(signed.body) : flipped(signed.body, place) }]
    if (part === 'method') return [{ ...signed, method: 'PUT' }]
    if (part === 'url') return [{ ...signed, url: signed.url.replace('/webhooks/', '/webhooks_/') }]
    if (part === 'timestamp') return withOtherTime(signed, scheme)
    if (part.startsWith('header:')) return [withHeader(signed, part.slice('header:'.length), (value) => `${value}0`)]
    if (part.startsWith('query:')) return [{ ...signed, url: `${signed.url}0` }]
    if (part.startsWith('field:'))
      return [
        withField(signed, (scheme.each ?? '') + (scheme.each === undefined ? '' : '/0') + part.slice('field:'.length)),
      ]
    return []
  })
}

function isForm(scheme: VerificationScheme): boolean {
  return 'message' in scheme && scheme.message.some(({ part }) => part === 'sortedForm')
}

/** A form is signed as its fields: other spellings of the same ones are no change. */
function withOneMore(form: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  return Uint8Array.of(...form, ...new TextEncoder().encode('&one=more'))
}

function flipped(body: Uint8Array<ArrayBuffer>, place: number): Uint8Array<ArrayBuffer> {
  return body.with(place % body.length, (body[place % body.length] ?? 0) ^ 1)
}

function withHeader(signed: SignedRequest, name: string, change: (value: string) => string): SignedRequest {
  return { ...signed, headers: signed.headers.map(([own, value]) => [own, own === name ? change(value) : value]) }
}

function withOtherTime(signed: SignedRequest, scheme: VerificationScheme): readonly SignedRequest[] {
  if (!('message' in scheme) || scheme.timestamp?.from !== 'header') return []
  return [
    withHeader(signed, scheme.timestamp.name ?? '', (value) => value.replace('1764', '1763').replace('2025', '2024')),
  ]
}

function withField(signed: SignedRequest, pointer: string): SignedRequest {
  const value: unknown = JSON.parse(new TextDecoder().decode(signed.body))
  const parent = readPointer(value, pointer.slice(0, pointer.lastIndexOf('/'))) as Record<string, unknown>
  parent[pointer.slice(pointer.lastIndexOf('/') + 1)] = 'something else'
  return { ...signed, body: new TextEncoder().encode(JSON.stringify(value)) }
}
