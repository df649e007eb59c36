import type { BasicScheme, TokenScheme } from '@holdfast/core'
import { encodeBase64, utf8Bytes } from '../verify/encoding.ts'
import type { DraftRequest } from './draft-request.ts'
import { fulfilSelect } from './fill-message.ts'
import type { SigningContext } from './signing-context.ts'
import { cannotSign } from './signing-error.ts'

/** Writes the secret itself into a request, or into the item of it at `base`, as schemes do that sign nothing. */
export function showSecret(
  draft: DraftRequest,
  scheme: TokenScheme | BasicScheme,
  context: SigningContext,
  base = '',
): void {
  const { secret } = context.key
  if (secret === undefined) throw cannotSign('key', 'a non-empty string', 'none')
  if (scheme.scheme === 'basic') {
    if (!secret.includes(':')) throw cannotSign('key', '`user:password`', 'a string of another form')
    draft.write({ from: 'header', name: 'authorization' }, `Basic ${encodeBase64(utf8Bytes(secret))}`)
  } else {
    const { header, prefix = '', bodyPointer, query } = scheme
    if (header !== undefined) draft.write({ from: 'header', name: header }, prefix + secret)
    else if (bodyPointer !== undefined) draft.write({ from: 'body', pointer: bodyPointer }, secret, base)
    else if (query !== undefined) draft.write({ from: 'query', name: query }, secret)
  }
  fulfilSelect(draft, scheme.select, context, () => false)
}
