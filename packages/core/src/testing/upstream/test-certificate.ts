import {
  bitString,
  boolean,
  der,
  integer,
  objectIdentifier,
  octetString,
  sequence,
  set,
  time,
  utf8String,
} from './der.ts'

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const
const ECDSA_WITH_SHA256 = sequence(objectIdentifier('1.2.840.10045.4.3.2'))
const COMMON_NAME = objectIdentifier('2.5.4.3')
const BASIC_CONSTRAINTS = objectIdentifier('2.5.29.19')
const ALTERNATIVE_NAMES = objectIdentifier('2.5.29.17')
const SERIAL_BYTES = 16

/** A certificate and its private key, as PEM. */
export interface TestCertificate {
  readonly cert: string
  readonly key: string
}

/** What a certificate says. Its years are far from the present, so that no test depends on the date. */
export interface CertificateSubject {
  readonly hosts: readonly string[]
  /** It is valid from the first day of this year … */
  readonly fromYear: number
  /** … to that of this one. */
  readonly untilYear: number
}

/** An authority that nobody knows, for tests. */
export interface TestAuthority {
  /** Its own certificate, as PEM: who trusts it trusts what it has issued. */
  readonly cert: string
  /** Makes a key and a certificate for it. */
  readonly issue: (subject: CertificateSubject) => Promise<TestCertificate>
}

/** Makes an authority with a key of its own, which is never stored. */
export async function testAuthority(): Promise<TestAuthority> {
  const keys = await generateKeys()
  const issuer: Signer = { name: 'Holdfast test authority', privateKey: keys.privateKey }
  const lifetime = { hosts: [], fromYear: 2000, untilYear: 9999 }
  const cert = await certify(keys.publicKey, issuer.name, lifetime, issuer, true)
  return {
    cert,
    issue: async (subject) => {
      const own = await generateKeys()
      return {
        cert: await certify(own.publicKey, nameOf(subject), subject, issuer),
        key: await privateKeyPem(own.privateKey),
      }
    },
  }
}

/** Makes a certificate that is signed with its own key. */
export async function selfSignedCertificate(subject: CertificateSubject): Promise<TestCertificate> {
  const { publicKey, privateKey } = await generateKeys()
  const signer: Signer = { name: nameOf(subject), privateKey }
  return { cert: await certify(publicKey, signer.name, subject, signer), key: await privateKeyPem(privateKey) }
}

type CryptoKey = Parameters<typeof crypto.subtle.sign>[1]

interface Signer {
  readonly name: string
  readonly privateKey: CryptoKey
}

/** A version 3 certificate (RFC 5280 section 4.1), as PEM. */
async function certify(
  publicKey: CryptoKey,
  name: string,
  { hosts, fromYear, untilYear }: CertificateSubject,
  issuer: Signer,
  isAuthority = false,
): Promise<string> {
  const body = sequence(
    der(0xa0, integer(Uint8Array.of(2))),
    integer(crypto.getRandomValues(new Uint8Array(SERIAL_BYTES))),
    ECDSA_WITH_SHA256,
    distinguishedName(issuer.name),
    sequence(time(fromYear), time(untilYear)),
    distinguishedName(name),
    new Uint8Array(await crypto.subtle.exportKey('spki', publicKey)),
    der(0xa3, sequence(...extensions(hosts, isAuthority))),
  )
  const signature = new Uint8Array(await crypto.subtle.sign(algorithm, issuer.privateKey, body))
  return pem('CERTIFICATE', sequence(body, ECDSA_WITH_SHA256, bitString(ecdsaSignature(signature))))
}

function extensions(hosts: readonly string[], isAuthority: boolean): Uint8Array<ArrayBuffer>[] {
  const isCritical = boolean(true)
  const constraints = isAuthority ? sequence(boolean(true)) : sequence()
  const extension = sequence(BASIC_CONSTRAINTS, isCritical, octetString(constraints))
  if (hosts.length === 0) return [extension]
  return [extension, sequence(ALTERNATIVE_NAMES, octetString(sequence(...hosts.map(alternativeName))))]
}

function alternativeName(host: string): Uint8Array<ArrayBuffer> {
  if (/^[\d.]+$/.test(host)) return der(0x87, Uint8Array.from(host.split('.').map(Number)))
  return der(0x82, new TextEncoder().encode(host))
}

function distinguishedName(name: string): Uint8Array<ArrayBuffer> {
  return sequence(set(sequence(COMMON_NAME, utf8String(name))))
}

/** WebCrypto gives the two numbers side by side; X.509 wants a sequence of them. */
function ecdsaSignature(raw: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  return sequence(integer(raw.subarray(0, raw.length / 2)), integer(raw.subarray(raw.length / 2)))
}

function nameOf({ hosts }: CertificateSubject): string {
  return hosts[0] ?? 'nobody'
}

async function generateKeys(): Promise<{ readonly publicKey: CryptoKey; readonly privateKey: CryptoKey }> {
  return crypto.subtle.generateKey(algorithm, true, ['sign', 'verify'])
}

async function privateKeyPem(privateKey: CryptoKey): Promise<string> {
  return pem('PRIVATE KEY', new Uint8Array(await crypto.subtle.exportKey('pkcs8', privateKey)))
}

function pem(label: string, bytes: Uint8Array): string {
  const base64 = btoa(String.fromCharCode(...bytes)).replace(/.{64}/g, '$&\n')
  return `-----BEGIN ${label}-----\n${base64.trimEnd()}\n-----END ${label}-----\n`
}
