import { constants, createHmac, type KeyObject, sign } from 'node:crypto'

const encode = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url')

/** A token that node:crypto signed, so that no code of ours and none of jose says what is right. */
export function signedToken(algorithm: string, key: KeyObject | string, claims: object, header: object = {}): string {
  return signedParts(algorithm, key, `${encode({ alg: algorithm, ...header })}.${encode(claims)}`)
}

/** Signs whatever stands for header and claims. */
export function signedParts(algorithm: string, key: KeyObject | string, parts: string): string {
  return `${parts}.${signatureOf(algorithm, key, Buffer.from(parts)).toString('base64url')}`
}

function signatureOf(algorithm: string, key: KeyObject | string, message: Buffer): Buffer {
  const hash = `sha${algorithm.slice(-3)}`
  if (typeof key === 'string') return createHmac(hash, key).update(message).digest()
  if (algorithm.startsWith('Ed')) return sign(null, message, key)
  const pss = { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_DIGEST }
  return sign(hash, message, { key, dsaEncoding: 'ieee-p1363', ...(algorithm.startsWith('PS') && pss) })
}
