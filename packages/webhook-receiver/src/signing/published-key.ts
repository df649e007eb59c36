import type { FetchedKey } from '@holdfast/core'
import type { KeyFetcher } from '../verify/keys/key-fetcher.ts'
import type { KeyKind } from '../verify/keys/public-key.ts'
import { writePointer } from './json-value.ts'
import { type KeyPair, writePem } from './private-key.ts'
import { selfSignedCertificate } from './self-signed-certificate.ts'

/** A key as if its provider published it. */
export interface PublishedKey {
  readonly keys: KeyFetcher
  /** Where the fetcher finds it. */
  readonly url: string
}

/** Publishes the public half of a pair where a connector looks for it, in a document of the form that it reads. */
export async function publishKey(
  source: FetchedKey,
  kind: KeyKind,
  pair: KeyPair,
  keyId: string | undefined,
): Promise<PublishedKey> {
  const url = urlOf(source, keyId)
  const text = await documentOf(source, kind, pair, keyId)
  return {
    url,
    keys: {
      fetchKey: async (asked) =>
        asked.url === url && (asked.keyId === undefined || asked.keyId === keyId) ? { text } : undefined,
    },
  }
}

function urlOf({ url, hosts = [], origin, path = '/key' }: FetchedKey, keyId = ''): string {
  if (typeof url === 'string') return url.replaceAll('{keyId}', () => encodeURIComponent(keyId))
  const [host = 'keys.test'] = hosts
  return `${origin ?? `https://${host.replaceAll('*', 'test')}`}${path.replaceAll(/\*+/g, 'test')}`
}

async function documentOf(
  { kind: form, pointer, certificateNames = ['keys.test'] }: FetchedKey,
  kind: KeyKind,
  pair: KeyPair,
  keyId: string | undefined,
): Promise<string> {
  const jwk = { ...pair.jwk, use: 'sig', ...(keyId !== undefined && { kid: keyId }) }
  switch (form) {
    case 'x509':
      return selfSignedCertificate(kind, pair, certificateNames)
    case 'jwks':
      return JSON.stringify({ keys: [jwk] })
    case 'jwk':
      return pointer === undefined ? JSON.stringify(jwk) : within(pointer, jwk)
    case 'pem': {
      const pem = writePem('PUBLIC KEY', pair.spki)
      return pointer === undefined ? pem : within(pointer, pem)
    }
  }
}

function within(pointer: string, value: unknown): string {
  const document = {}
  writePointer(document, pointer, value)
  return JSON.stringify(document)
}
