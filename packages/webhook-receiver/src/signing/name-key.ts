import type { KeySource, SignatureScheme } from '@holdfast/core'
import type { DraftRequest } from './draft-request.ts'
import { fillSource } from './fill-message.ts'
import { firstPlace } from './first-place.ts'
import type { SigningContext } from './signing-context.ts'
import { cannotSign } from './signing-error.ts'
import type { PlacedText } from './write-values.ts'

/**
 * Says which key signs, and where it is published.
 *
 * @throws InvalidOptionsError when the key does not say what the request must.
 */
export function keyTexts(
  draft: DraftRequest,
  source: KeySource,
  { key }: SigningContext,
  base: string,
): readonly PlacedText[] {
  if (source.from === 'secret') return []
  if (typeof source.url === 'object') {
    if (key.keyUrl === undefined) throw cannotSign('key.keyUrl', 'a URL, for the request says where its key is', 'none')
    const { origin = '' } = source
    draft.write(source.url, key.keyUrl.startsWith(origin) ? key.keyUrl.slice(origin.length) : key.keyUrl, base)
  }
  if (source.keyId === undefined) return []
  if (key.keyId === undefined) throw cannotSign('key.keyId', 'a string, for the request names its key', 'none')
  return [{ source: firstPlace(source.keyId), format: source.keyId.format ?? { kind: 'plain' }, text: key.keyId }]
}

/**
 * Says whom the request is for, where the provider signs it.
 *
 * @throws InvalidOptionsError when the key does not say it.
 */
export function nameRecipient(
  draft: DraftRequest,
  scheme: SignatureScheme,
  { key }: SigningContext,
  base: string,
): void {
  const needsSecret = scheme.recipient !== undefined || scheme.message.some(({ part }) => part === 'secret')
  if (needsSecret && key.secret === undefined) {
    throw cannotSign(
      'key.secret',
      'a string: the provider signs whom the event is for, or the id of the webhook',
      'none',
    )
  }
  if (scheme.recipient !== undefined) fillSource(draft, scheme.recipient, key.secret ?? '', base)
}
