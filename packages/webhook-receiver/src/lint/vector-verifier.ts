import type { Connector, SignatureVector } from '@holdfast/core'
import { fixedKeys } from '../verify/keys/fixed-keys.ts'
import { createVerifier, type Verifier } from '../verify/verifier.ts'

/**
 * The verifier of somebody who has the secret of a vector, and its keys.
 *
 * @throws InvalidOptionsError when the secret is not written as the scheme says.
 */
export function vectorVerifier(connector: Connector, { secret, keys = {} }: SignatureVector): Verifier {
  const [keyUrl = 'https://keys.invalid/'] = Object.keys(keys).filter((name) => name.startsWith('https://'))
  return createVerifier({
    connector,
    secrets: secret === undefined ? [] : [secret],
    keys: fixedKeys(keys),
    ...(lacksUrl(connector) && { keyUrl }),
  })
}

/** Whether the URL of the keys is another one for each customer. */
function lacksUrl({ webhook }: Connector): boolean {
  return (webhook?.verify ?? []).some(
    (scheme) => 'key' in scheme && scheme.key?.from === 'url' && scheme.key.url === undefined,
  )
}
