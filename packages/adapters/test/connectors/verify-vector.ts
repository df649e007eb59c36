import type { Connector, SignatureVector } from '@holdfast/core'
import { createVerifier, type Verifier, type VerifierOptions, type VerifyResult } from '@holdfast/webhook-receiver'
import { fixedKeys } from '@holdfast/webhook-receiver/testing'
import type { SchemeVector } from './load-connectors.ts'

/** What a test changes about a vector. */
export interface VectorChange extends Pick<Partial<VerifierOptions>, 'secrets' | 'toleranceMs'> {
  readonly body?: Uint8Array
  readonly headers?: SignatureVector['headers']
  readonly url?: string
  readonly receivedAt?: number
}

/** Verifies a vector as it is, or with something changed. */
export async function verifyVector(sample: SchemeVector, change: VectorChange = {}): Promise<VerifyResult> {
  const { vector } = sample
  const { body = bodyOf(vector), headers = vector.headers, url = vector.url } = change
  return await verifierOf(sample, change).verify({
    headers: Object.entries(headers),
    body,
    receivedAt: change.receivedAt ?? vector.receivedAt ?? 0,
    method: vector.method ?? 'POST',
    ...(url === undefined ? {} : { url }),
  })
}

/** With its own secret a vector is verified once for every byte of it: with one verifier, which reads keys once. */
const verifiers = new WeakMap<SignatureVector, Verifier>()

function verifierOf({ connector, vector }: SchemeVector, { secrets, toleranceMs }: VectorChange): Verifier {
  const isOwn = secrets === undefined && toleranceMs === undefined
  const known = isOwn ? verifiers.get(vector) : undefined
  if (known !== undefined) return known
  const own = vector.secret === undefined ? [] : [vector.secret]
  const verifier = createVerifier({
    connector,
    secrets: secrets ?? own,
    ...keyOptions(connector, vector.keys),
    ...(toleranceMs === undefined ? {} : { toleranceMs }),
  })
  if (isOwn) verifiers.set(vector, verifier)
  return verifier
}

/** What a verifier needs to find the keys of a vector or an example, with no network. */
export function keyOptions(
  { webhook }: Connector,
  keys: SignatureVector['keys'] = {},
): Pick<VerifierOptions, 'keys' | 'keyUrl'> {
  const lacksUrl = webhook?.verify.some(
    (scheme) => 'key' in scheme && scheme.key?.from === 'url' && scheme.key.url === undefined,
  )
  const [keyUrl = 'https://keys.invalid/'] = Object.keys(keys).filter((name) => name.startsWith('https://'))
  return { keys: fixedKeys(keys), ...(lacksUrl && { keyUrl }) }
}

/** The body of a vector as bytes. */
export function bodyOf({ body = '', bodyBase64 }: SignatureVector): Uint8Array {
  return bodyBase64 === undefined ? Buffer.from(body) : Buffer.from(bodyBase64, 'base64')
}
