import type { SecretFormat, VerificationScheme } from '@holdfast/core'

/** A secret that is written as the scheme wants it, and is not the vector's; `undefined`: the scheme takes none. */
export function otherSecret(scheme: VerificationScheme): string | undefined {
  switch (scheme.scheme) {
    case 'hmac':
    case 'digest':
      return keyText(scheme.secret)
    case 'token':
      return 'another token'
    case 'basic':
      return 'somebody:else'
    case 'none':
      return undefined
  }
}

function keyText({ encoding, prefix = '' }: SecretFormat): string {
  const text = 'another key of some length'
  const key = encoding === 'utf8' ? text : Buffer.from(text).toString(encoding)
  return prefix.replace('*', 'test') + key
}
