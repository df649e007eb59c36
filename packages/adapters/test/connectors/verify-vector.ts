import type { Connector, SignatureVector } from '@holdfast/core'
import { createVerifier, type VerifierOptions, type VerifyResult } from '@holdfast/webhook-receiver'
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
export async function verifyVector(
  { connector, vector }: SchemeVector,
  change: VectorChange = {},
): Promise<VerifyResult> {
  const { secrets = vector.secret === undefined ? [] : [vector.secret], toleranceMs, body = bodyOf(vector) } = change
  const { headers = vector.headers, url = vector.url, receivedAt = vector.receivedAt ?? 0 } = change
  return await createVerifier({
    connector,
    secrets,
    ...keyOptions(connector, vector.keys),
    ...(toleranceMs === undefined ? {} : { toleranceMs }),
  }).verify({
    headers: Object.entries(headers),
    body,
    receivedAt,
    method: vector.method ?? 'POST',
    ...(url === undefined ? {} : { url }),
  })
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
