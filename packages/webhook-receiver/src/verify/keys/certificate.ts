import { decodeBase64 } from '../encoding.ts'
import type { MaybePromise } from '../maybe-promise.ts'
import { loadJose } from '../jwt/load-jose.ts'
import type { DocumentKey } from './document-key.ts'
import { readSpki } from './public-key.ts'

type Certificate = InstanceType<NonNullable<ReturnType<typeof certificateClass>>>

/**
 * Reads the key of an X.509 certificate (RFC 5280) in PEM; the certificates after it in the document are its issuers, one
 * after the other.
 *
 * Where the runtime has `node:crypto`, the certificate must be for one of `names`, each issuer must have signed the one
 * before it and be one that may, and with `trusted` the last must be one of those or signed by one. The time of validity
 * goes to the key, for it is judged against the arrival of the request. Elsewhere the key is all that can be read.
 *
 * @throws Error when any of it does not hold.
 */
export function readCertificate(
  text: string,
  names: readonly string[] | undefined,
  trusted: readonly string[] | undefined,
): MaybePromise<readonly DocumentKey[]> {
  const pems = text.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g)
  const [leaf] = pems ?? []
  if (pems === null || leaf === undefined || pems.length > MAX_CHAIN) {
    throw new Error('The document is no chain of certificates.')
  }
  const Certificate = certificateClass()
  if (Certificate === undefined) return readKeyAlone(leaf)

  const chain = pems.map((pem) => new Certificate(pem))
  const [certificate] = chain as [Certificate]
  // The system's own wildcard rules apply to the certificate's names, ours to none.
  if (names !== undefined && !names.some((name) => certificate.checkHost(name, { subject: 'default' }) !== undefined)) {
    throw new Error(`The certificate is for none of ${names.join(', ')}.`)
  }
  checkChain(
    chain,
    trusted?.map((pem) => new Certificate(pem)),
  )
  const spki = readSpki(certificate.publicKey.export({ type: 'spki', format: 'der' }))
  if (typeof spki === 'string') throw new Error(`The certificate's key cannot be used (${spki}).`)
  return [
    {
      ...spki,
      notBefore: Math.max(...chain.map(({ validFrom }) => Date.parse(validFrom))),
      notAfter: Math.min(...chain.map(({ validTo }) => Date.parse(validTo))),
    },
  ]
}

const MAX_CHAIN = 6

/** Taken without an import so that bundles for other runtimes hold no trace of it. */
function certificateClass() {
  return globalThis.process?.getBuiltinModule?.('node:crypto')?.X509Certificate
}

function checkChain(chain: readonly Certificate[], trusted: readonly Certificate[] | undefined): void {
  chain.forEach((certificate, index) => {
    const issuer = chain[index + 1]
    if (issuer !== undefined && !isIssuedBy(certificate, issuer)) {
      throw new Error('A certificate of the chain was not issued by the next one.')
    }
  })
  const last = chain.at(-1)
  const leadsToTrust = trusted?.some(
    (anchor) => last !== undefined && (last.raw.equals(anchor.raw) || isIssuedBy(last, anchor)),
  )
  if (leadsToTrust === false) throw new Error('The chain leads to no trusted certificate.')
}

function isIssuedBy(certificate: Certificate, issuer: Certificate): boolean {
  return issuer.ca && certificate.checkIssued(issuer) && certificate.verify(issuer.publicKey)
}

async function readKeyAlone(pem: string): Promise<readonly DocumentKey[]> {
  const { importX509, exportSPKI } = await loadJose()
  // The algorithm only says what the key may be imported for; what is exported again does not depend on it.
  for (const algorithm of ['RS256', 'ES256', 'ES384', 'EdDSA']) {
    try {
      const key = await importX509(pem, algorithm, { extractable: true })
      const exported = await exportSPKI(key)
      const spki = readSpki(decodeBase64(exported.replaceAll(/-----[A-Z ]+-----|\s/g, '')) ?? new Uint8Array(0))
      if (typeof spki === 'object') return [spki]
    } catch {
      // Of another kind.
    }
  }
  throw new Error('The document holds no certificate with a key that can be used.')
}
