import type { VerificationScheme } from '@holdfast/core'
import { basicScheme } from './basic-scheme.ts'
import { digestScheme } from './digest-scheme.ts'
import { hmacScheme } from './hmac-scheme.ts'
import { httpSignatureScheme } from './http-signature/http-signature-scheme.ts'
import { jwtScheme } from './jwt/jwt-scheme.ts'
import type { MaybePromise } from './maybe-promise.ts'
import { noneScheme } from './none-scheme.ts'
import { compileSelect, type RequestPredicate } from './request-condition.ts'
import type { RequestReader } from './request-reader.ts'
import type { CompiledScheme, SchemeKind, SchemeSetup } from './scheme.ts'
import type { SecretForm } from './secret-form.ts'
import { signatureScheme } from './signature-scheme.ts'
import { tokenScheme } from './token-scheme.ts'
import { notVerified, type VerifyResult } from './verify-result.ts'
import type { CheckedSecret } from './webhook-secret.ts'

/** Every kind of scheme; a new one is a file that exports a `SchemeKind`, and a line here. */
const kinds: {
  readonly [Kind in VerificationScheme['scheme']]: SchemeKind<Extract<VerificationScheme, { scheme: Kind }>>
} = {
  hmac: hmacScheme,
  digest: digestScheme,
  signature: signatureScheme,
  jwt: jwtScheme,
  'http-signature': httpSignatureScheme,
  token: tokenScheme,
  basic: basicScheme,
  none: noneScheme,
}

/** A compiled scheme, and the requests that it is for. */
export interface SelectedScheme extends CompiledScheme {
  readonly applies: RequestPredicate
}

/** How the secrets of a scheme are written; `undefined`: it takes none. */
export function secretFormOf(scheme: VerificationScheme): SecretForm | undefined {
  return kindOf(scheme).secretForm(scheme)
}

/** Prepares a scheme with its secrets. */
export function compileScheme(
  scheme: VerificationScheme,
  secrets: readonly CheckedSecret[],
  setup: SchemeSetup,
): SelectedScheme {
  const compiled = kindOf(scheme).compile(scheme, secrets, setup)
  const { verify } = scheme.each === undefined ? compiled : ofEveryItem(scheme.each, compiled)
  return { applies: compileSelect(scheme.select), verify }
}

function kindOf(scheme: VerificationScheme): SchemeKind<VerificationScheme> {
  // The tag says which scheme it is; TypeScript does not follow that through the table.
  return kinds[scheme.scheme] as SchemeKind<VerificationScheme>
}

/** Applies a scheme to every item of an array; the first that fails decides. */
function ofEveryItem(pointer: string, { verify }: CompiledScheme): CompiledScheme {
  // A loop, and a promise only where there is one: whoever has one signed item can repeat it as often as a body has room.
  const verifyRest = (items: Generator<RequestReader>, passed: VerifyResult): MaybePromise<VerifyResult> => {
    let last = passed
    for (let next = items.next(); next.done !== true; next = items.next()) {
      const result = verify(next.value)
      if (result instanceof Promise) return result.then((later) => (later.ok ? verifyRest(items, later) : later))
      if (!result.ok) return result
      last = result
    }
    return last
  }
  return {
    verify: (reader) => verifyRest(reader.items(pointer), notVerified('missing_field')),
  }
}
