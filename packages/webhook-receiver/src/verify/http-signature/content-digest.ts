import type { HashName, HashProvider } from '../hash-provider.ts'
import { joinedHeader } from '../request-headers.ts'
import type { RequestReader } from '../request-reader.ts'
import type { Component } from './component.ts'
import { parseDictionary } from './structured-fields.ts'

/** Algorithms of `Content-Digest` (RFC 9530 section 5) that are not broken. */
const digestHashes: Readonly<Record<string, HashName>> = Object.freeze({ 'sha-256': 'sha256', 'sha-512': 'sha512' })

/**
 * Whether the covered `Content-Digest` (RFC 9530) fits the raw body: every covered digest of a known algorithm must, and there
 * must be one. A field that cannot be read differs.
 */
export async function checkContentDigest(
  components: readonly Component[],
  reader: RequestReader,
  hashes: HashProvider,
): Promise<'fits' | 'differs' | 'uncovered'> {
  const covering = components.filter(({ name }) => name === 'content-digest')
  if (covering.length === 0) return 'uncovered'
  // With `key`, only that member of the dictionary is covered.
  const keys = covering.map(({ parameters }) => parameters.get('key'))
  const isCovered = (name: string): boolean => keys.includes(undefined) || keys.includes(name)
  const digests = readDigests(joinedHeader(reader.headers, 'content-digest') ?? '', isCovered)
  if (digests === undefined || digests.length === 0) return 'differs'
  for (const { hash, digest } of digests) {
    const actual = await hashes.digest(hash, [reader.request.body])
    if (!hashes.equal(actual, digest)) return 'differs'
  }
  return 'fits'
}

interface Digest {
  readonly hash: HashName
  readonly digest: Uint8Array
}

function readDigests(field: string, isCovered: (name: string) => boolean): readonly Digest[] | undefined {
  let dictionary: ReturnType<typeof parseDictionary>
  try {
    dictionary = parseDictionary(field)
  } catch {
    return undefined
  }
  const digests: Digest[] = []
  for (const [name, [value]] of dictionary) {
    const hash = Object.hasOwn(digestHashes, name) && isCovered(name) ? digestHashes[name] : undefined
    if (hash === undefined) continue
    if (!(value instanceof ArrayBuffer)) return undefined
    digests.push({ hash, digest: new Uint8Array(value) })
  }
  return digests
}
