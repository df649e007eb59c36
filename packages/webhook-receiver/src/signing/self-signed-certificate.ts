import { joinPieces } from '../verify/message-piece.ts'
import { derTags, writeDer } from '../verify/keys/der.ts'
import type { KeyKind } from '../verify/keys/public-key.ts'
import { signatureAlgorithms } from '../verify/signature-provider.ts'
import { derFromRaw } from './der-signature.ts'
import { type KeyPair, signBytes, writePem } from './private-key.ts'

/** Makes an X.509 certificate (RFC 5280) for a key and names, signed with that key, and valid from 1970 to 2049, as PEM. */
export async function selfSignedCertificate(kind: KeyKind, pair: KeyPair, names: readonly string[]): Promise<string> {
  const { algorithm, identifier } = signing[kind]
  const algorithmIdentifier = sequence(objectIdentifier(identifier), ...(kind === 'rsa' ? [nothing] : []))
  const name = sequence(
    writeDer(TAG_SET, sequence(objectIdentifier('550403'), writeDer(TAG_UTF8, text('Holdfast test key')))),
  )
  const content = sequence(
    writeDer(TAG_VERSION, integer(2)),
    integer(1),
    algorithmIdentifier,
    name,
    sequence(writeDer(TAG_TIME, text('700101000000Z')), writeDer(TAG_TIME, text('491231235959Z'))),
    name,
    pair.spki,
    writeDer(TAG_EXTENSIONS, sequence(alternativeNames(names))),
  )
  const facts = signatureAlgorithms[algorithm]
  const raw = await signBytes(facts, pair.privateKey, content)
  const signature = kind === 'p256' || kind === 'p384' ? derFromRaw(raw) : raw
  const certificate = sequence(content, algorithmIdentifier, writeDer(derTags.bitString, Uint8Array.of(0), signature))
  return writePem('CERTIFICATE', certificate)
}

const TAG_SET = 0x31
const TAG_UTF8 = 0x0c
const TAG_TIME = 0x17
const TAG_DNS_NAME = 0x82
const TAG_VERSION = 0xa0
const TAG_EXTENSIONS = 0xa3

/** What each kind of key signs certificates with, and the object identifier of that, encoded (RFC 4055, 5758, 8410). */
const signing = {
  ed25519: { algorithm: 'ed25519', identifier: '2b6570' },
  p256: { algorithm: 'ecdsa-p256-sha256', identifier: '2a8648ce3d040302' },
  p384: { algorithm: 'ecdsa-p384-sha384', identifier: '2a8648ce3d040303' },
  rsa: { algorithm: 'rsa-sha256', identifier: '2a864886f70d01010b' },
} as const satisfies Readonly<Record<KeyKind, unknown>>

const nothing = writeDer(derTags.nothing)

function alternativeNames(names: readonly string[]): Uint8Array {
  const list = sequence(...names.map((name) => writeDer(TAG_DNS_NAME, text(name))))
  return sequence(objectIdentifier('551d11'), writeDer(derTags.octetString, list))
}

function sequence(...contents: readonly Uint8Array[]): Uint8Array {
  return writeDer(derTags.sequence, ...contents)
}

function integer(value: number): Uint8Array {
  return writeDer(derTags.integer, Uint8Array.of(value))
}

function objectIdentifier(hex: string): Uint8Array {
  return writeDer(
    derTags.objectIdentifier,
    Uint8Array.from(hex.match(/../g) ?? [], (byte) => Number.parseInt(byte, 16)),
  )
}

function text(value: string): Uint8Array {
  return joinPieces([value])
}
