import { readdirSync } from 'node:fs'
import { basename, join } from 'node:path'
import { checkConnector, type Connector, type SignatureVector, type VerificationScheme } from '@holdfast/core'
import { createVerifier } from '@holdfast/webhook-receiver'
import { describe, expect, test } from 'vitest'
import manifest from '../../package.json' with { type: 'json' }

const directory = join(import.meta.dirname, '../../src/connectors')
const names = readdirSync(directory)
  .filter((file) => file.endsWith('.ts'))
  .map((file) => basename(file, '.ts'))
const connectors = await Promise.all(
  names.map(async (name) => {
    const module = (await import(join(directory, `${name}.ts`))) as { readonly default: Connector }
    return [name, module.default] as const
  }),
)
const vectors = connectors.flatMap(([name, connector]) =>
  (connector.webhook?.verify ?? []).flatMap((scheme, schemeIndex) =>
    (scheme.vectors ?? []).map((vector, index) => ({
      name: `${name} scheme ${schemeIndex} vector ${index}`,
      connector,
      scheme,
      vector,
    })),
  ),
)

test('every connector has a subpath, and every subpath a connector', () => {
  const subpaths = Object.keys(manifest.exports).flatMap((key) => /^\.\/connectors\/(.+)$/.exec(key)?.[1] ?? [])
  expect(subpaths.toSorted()).toEqual(names.toSorted())
})

describe.each(connectors)('%s', (name, connector) => {
  test('is a connector, and is named as its file', () => {
    expect(checkConnector(connector)).toBe(connector)
    expect(connector.id).toBe(name)
  })

  test('says where its facts come from', () => {
    expect(connector.sources.length).toBeGreaterThan(0)
  })

  test('has a vector for every scheme', () => {
    const counts = (connector.webhook?.verify ?? []).map((scheme) => scheme.vectors?.length ?? 0)
    expect(counts.filter((count) => count === 0)).toEqual([])
  })
})

describe.each(vectors)('$name', ({ connector, scheme, vector }) => {
  test('verifies', async () => {
    expect(await verify(connector, vector)).toMatchObject({ ok: true, scheme: scheme.scheme })
  })

  test('verifies among other secrets, in any order', async () => {
    const other = vector.secret.startsWith('whsec_') ? 'whsec_b3RoZXIga2V5IG9mIHNvbWUgbGVuZ3Ro' : 'another secret'
    expect(await verify(connector, vector, [other, vector.secret])).toMatchObject({ ok: true, keyIndex: 1 })
    expect(await verify(connector, vector, [vector.secret, other])).toMatchObject({ ok: true, keyIndex: 0 })
    expect(await verify(connector, vector, [other])).toMatchObject({ ok: false, reason: 'mismatch' })
  })
})

describe.each(vectors.filter(({ scheme }) => scheme.scheme === 'hmac'))('$name', ({ connector, vector }) => {
  test('does not verify with any one byte of the body changed', async () => {
    const body = bodyOf(vector)
    for (let index = 0; index < body.length; index++) {
      const changed = Uint8Array.from(body)
      changed[index] = (changed[index] ?? 0) ^ 0x20
      expect(await verify(connector, vector, [vector.secret], changed)).toMatchObject({ reason: 'mismatch' })
    }
  })
})

describe.each(vectors.filter(({ scheme }) => hasTimestamp(scheme)))('$name', ({ connector, vector }) => {
  test('does not verify outside of the tolerance', async () => {
    const receivedAt = vector.receivedAt ?? 0
    const later = { ...vector, receivedAt: receivedAt + 301_000 }
    const earlier = { ...vector, receivedAt: receivedAt - 301_000 }
    expect(await verify(connector, later)).toMatchObject({ reason: 'stale_timestamp' })
    expect(await verify(connector, earlier)).toMatchObject({ reason: 'future_timestamp' })
  })
})

function verify(
  connector: Connector,
  vector: SignatureVector,
  secrets: readonly string[] = [vector.secret],
  body: Uint8Array = bodyOf(vector),
) {
  const { headers, method, url, receivedAt = 0 } = vector
  return createVerifier({ connector, secrets }).verify({
    headers: Object.entries(headers),
    body,
    receivedAt,
    ...(method === undefined ? {} : { method }),
    ...(url === undefined ? {} : { url }),
  })
}

function bodyOf({ body = '', bodyBase64 }: SignatureVector): Uint8Array {
  return bodyBase64 === undefined ? Buffer.from(body) : Buffer.from(bodyBase64, 'base64')
}

function hasTimestamp(scheme: VerificationScheme): boolean {
  return scheme.scheme === 'hmac' && scheme.timestamp !== undefined
}
