import { type KeyObject, sign } from 'node:crypto'

/** A certificate of version 1 (RFC 5280) for an RSA key and a name, valid from 2020 to 2049, as PEM. */
export function selfSignedCertificate(name: string, publicKey: KeyObject, privateKey: KeyObject): string {
  const subject = sequence(der(SET, sequence(COMMON_NAME, der(UTF8_STRING, Buffer.from(name)))))
  const content = sequence(
    der(INTEGER, Buffer.of(1)),
    RSA_WITH_SHA256,
    subject,
    sequence(der(UTC_TIME, Buffer.from('200101000000Z')), der(UTC_TIME, Buffer.from('491231235959Z'))),
    subject,
    publicKey.export({ type: 'spki', format: 'der' }),
  )
  const signature = der(BIT_STRING, Buffer.of(0), sign('sha256', content, privateKey))
  const lines =
    sequence(content, RSA_WITH_SHA256, signature)
      .toString('base64')
      .match(/.{1,64}/g) ?? []
  return ['-----BEGIN CERTIFICATE-----', ...lines, '-----END CERTIFICATE-----', ''].join('\n')
}

const INTEGER = 0x02
const BIT_STRING = 0x03
const UTF8_STRING = 0x0c
const UTC_TIME = 0x17
const SEQUENCE = 0x30
const SET = 0x31

/** Identifier 2.5.4.3. */
const COMMON_NAME = Buffer.from('0603550403', 'hex')
/** Identifier 1.2.840.113549.1.1.11 and no parameters. */
const RSA_WITH_SHA256 = sequence(Buffer.from('06092a864886f70d01010b0500', 'hex'))

function sequence(...contents: readonly Buffer[]): Buffer {
  return der(SEQUENCE, ...contents)
}

/** X.690 section 8.1, up to 65535 bytes. */
function der(tag: number, ...contents: readonly Buffer[]): Buffer {
  const content = Buffer.concat(contents)
  const { length } = content
  const written = length < 128 ? [length] : [0x82, length >> 8, length & 255]
  return Buffer.concat([Buffer.of(tag, ...written), content])
}
