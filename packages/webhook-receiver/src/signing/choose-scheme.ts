import type { VerificationScheme, WebhookDescription } from '@holdfast/core'
import { assignSecrets } from '../verify/assign-secrets.ts'
import { compileSelect } from '../verify/request-condition.ts'
import type { RequestReader } from '../verify/request-reader.ts'
import { checkSecrets } from '../verify/webhook-secret.ts'
import { cannotSign } from './signing-error.ts'
import type { SigningKey } from './webhook-key.ts'

/** Which scheme: its index in the connector's `verify`, or its kind, which means the first of that kind. */
export type SchemeChoice = number | VerificationScheme['scheme']

/**
 * The index of the scheme to sign with: the one that the application or the key names, or else the first that takes the key. Of
 * several that take it, one that signs the fields of forms is for forms alone.
 *
 * @throws InvalidOptionsError when there is none.
 */
export function chooseScheme(
  { verify }: WebhookDescription,
  choice: SchemeChoice | undefined,
  key: SigningKey,
  isForm: boolean,
): number {
  const wanted = choice ?? key.scheme
  if (wanted !== undefined) {
    const index =
      typeof wanted === 'number'
        ? wanted in verify
          ? wanted
          : -1
        : verify.findIndex(({ scheme }) => scheme === wanted)
    if (index >= 0) return index
    const known = [...verify.keys(), ...new Set(verify.map(({ scheme }) => `'${scheme}'`))]
    throw cannotSign('scheme', known.join(' | '), `\`${wanted}\``)
  }
  const candidates = verify.filter((scheme) => takesKey(scheme, key, verify))
  const fitting = candidates.filter((scheme) => signsForm(scheme) === isForm)
  const [chosen] = [...fitting, ...candidates]
  if (chosen === undefined) throw cannotSign('key', 'one that a scheme of the connector takes', 'another')
  return verify.indexOf(chosen)
}

/**
 * Makes sure that a receiver uses the scheme for the request.
 *
 * @throws InvalidOptionsError when another one comes first.
 */
export function checkApplies(verify: readonly VerificationScheme[], index: number, reader: RequestReader): void {
  const first = verify.findIndex(
    ({ select }, at) => (at === index || select !== undefined) && compileSelect(select)(reader),
  )
  if (first === index) return
  throw cannotSign(
    'scheme',
    first === -1 ? 'one that the request selects' : `${first}, which the request selects`,
    `\`${index}\``,
    'Leave out of `url`, `headers` and `body` what selects the other one.',
  )
}

function takesKey(scheme: VerificationScheme, key: SigningKey, verify: readonly VerificationScheme[]): boolean {
  if (scheme.scheme === 'none') return key.secret === undefined && key.privateKey === undefined
  if (key.privateKey !== undefined) return signsPublicly(scheme)
  if (key.secret === undefined) return false
  const assigned = assignSecrets('key', checkSecrets('key', [key.secret]), verify)
  return assigned.some((candidate) => candidate.scheme === scheme && candidate.secrets.length > 0)
}

function signsPublicly(scheme: VerificationScheme): boolean {
  return scheme.scheme === 'signature' || ('key' in scheme && scheme.key !== undefined)
}

function signsForm(scheme: VerificationScheme): boolean {
  return 'message' in scheme && scheme.message.some(({ part }) => part === 'sortedForm')
}
