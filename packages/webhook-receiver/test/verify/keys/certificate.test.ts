import { X509Certificate } from 'node:crypto'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { readCertificate } from '../../../src/verify/keys/certificate.ts'
import { intermediate, leaf, otherRoot, rogue, root } from './certificates.ts'

const NAMES = ['sns.amazonaws.com']

describe('readCertificate', () => {
  afterEach(() => void vi.unstubAllGlobals())

  test('reads the key, and when it is valid', () => {
    const { validFrom, validTo, publicKey } = new X509Certificate(leaf)
    expect(readCertificate(leaf, NAMES, undefined)).toEqual([
      {
        kind: 'rsa',
        spki: new Uint8Array(publicKey.export({ type: 'spki', format: 'der' })),
        modulusBytes: 256,
        notBefore: Date.parse(validFrom),
        notAfter: Date.parse(validTo),
      },
    ])
  })

  test('reads a chain that leads to a trusted certificate, by way of the document or directly', () => {
    for (const [text, trusted] of [
      [`${leaf}\n${intermediate}`, [otherRoot, root]],
      [`${leaf}${intermediate}\r\n${root}`, [root]],
      [leaf, [intermediate]],
    ] as const) {
      expect(readCertificate(text, NAMES, trusted)).toMatchObject([{ kind: 'rsa' }])
    }
  })

  test.each([
    ['a certificate for another name', leaf, ['sns.example.com'], undefined, 'for none of'],
    ['a name that only ends so', leaf, ['evil-sns.amazonaws.com'], undefined, 'for none of'],
    ['an issuer that is not the issuer', leaf + root, NAMES, undefined, 'not issued'],
    ['an issuer that only has the name', intermediate + otherRoot, undefined, undefined, 'not issued'],
    ['an issuer that must not issue', rogue + leaf, NAMES, undefined, 'not issued'],
    ['a chain to nobody who is trusted', leaf + intermediate, NAMES, [otherRoot], 'no trusted'],
    ['a chain where nobody is trusted', leaf, NAMES, [], 'no trusted'],
    ['a trusted issuer that must not issue', rogue, NAMES, [leaf], 'no trusted'],
    ['no certificate', 'hello', NAMES, undefined, 'no chain'],
    ['a cut-off one', leaf.slice(0, 400), NAMES, undefined, 'no chain'],
    ['too many', leaf.repeat(7), NAMES, undefined, 'no chain'],
  ])('refuses %s', (_title, text, names, trusted, message) => {
    expect(() => readCertificate(text, names, trusted)).toThrow(message)
  })

  test('refuses a certificate with a changed byte once its issuer is there', () => {
    const bytes = Buffer.from(leaf.replaceAll(/-----[A-Z ]+-----|\s/g, ''), 'base64')
    bytes[bytes.length - 20] = (bytes.at(-20) ?? 0) ^ 1
    const changed = `-----BEGIN CERTIFICATE-----\n${bytes.toString('base64')}\n-----END CERTIFICATE-----\n`
    expect(() => readCertificate(changed + intermediate, NAMES, undefined)).toThrow('not issued')
  })

  test('reads the key through jose where there is no node:crypto', async () => {
    const expected = readCertificate(leaf, NAMES, undefined)
    vi.stubGlobal('process', {})
    const [key] = await readCertificate(leaf, NAMES, undefined)
    expect([key]).toMatchObject((await expected).map(({ kind, spki }) => ({ kind, spki })))
    const [ecKey] = await readCertificate(root, undefined, undefined)
    expect(ecKey).toMatchObject({ kind: 'p256' })
    await expect(readCertificate(leaf.replace('MII', 'AAA'), NAMES, undefined)).rejects.toThrow('no certificate')
  })
})
