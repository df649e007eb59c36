import type { HttpSignatureAlgorithm, HttpSignatureScheme } from '@holdfast/core'
import { byteString } from '../verify/encoding.ts'
import { type Component, componentOf } from '../verify/http-signature/component.ts'
import { httpAlgorithms } from '../verify/http-signature/http-signature-keys.ts'
import { signatureBase } from '../verify/http-signature/signature-base.ts'
import {
  type BareItem,
  type InnerList,
  type Item,
  parseItem,
  serializeDictionary,
  serializeInnerList,
} from '../verify/http-signature/structured-fields.ts'
import { joinPieces } from '../verify/message-piece.ts'
import { decodeKey, keyForm } from '../verify/secret-form.ts'
import { signatureAlgorithms } from '../verify/signature-provider.ts'
import type { DraftRequest } from './draft-request.ts'
import { fillSource, fulfilSelect } from './fill-message.ts'
import { signBytes } from './private-key.ts'
import type { SigningContext } from './signing-context.ts'
import { cannotSign, unsignable } from './signing-error.ts'

const LIFETIME_S = 300

/** Signs a request as RFC 9421 says: the components that the scheme requires, and the body through `Content-Digest` (RFC 9530). */
export async function signHttpMessage(
  draft: DraftRequest,
  scheme: HttpSignatureScheme,
  context: SigningContext,
): Promise<void> {
  const { key, hashes, random } = context
  fulfilSelect(draft, scheme.select, context, ({ name = '' }) => /^signature(?:-input)?$/.test(name))
  const algorithm = algorithmOf(scheme, key.algorithm)
  const components = scheme.requires.map(readComponent)
  if (components.some(({ name }) => name === 'content-digest')) {
    const digest = await hashes.digest('sha256', [draft.read().request.body])
    draft.write(
      { from: 'header', name: 'content-digest' },
      serializeDictionary(new Map([['sha-256', bareItem(digest)]])),
    )
  }
  for (const { name, parameters } of components) {
    const parameter = parameters.get('name')
    if (name === '@query-param' && typeof parameter === 'string')
      fillSource(draft, { from: 'query', name: parameter }, random.uuid(), '')
    else if (!name.startsWith('@')) fillSource(draft, { from: 'header', name }, random.uuid(), '')
  }

  const input: InnerList = [components.map(({ item }) => item), parametersOf(scheme, algorithm, context)]
  const base = signatureBase({ components, serialized: serializeInnerList(input) }, draft.read())
  if (typeof base !== 'string') throw unsignable(base.missing)
  const signature = await signBase(base, algorithm, scheme, context)
  const label = scheme.label ?? 'sig1'
  draft.write({ from: 'header', name: 'signature-input' }, serializeDictionary(new Map([[label, input]])))
  draft.write({ from: 'header', name: 'signature' }, serializeDictionary(new Map([[label, bareItem(signature)]])))
}

function algorithmOf({ algorithms }: HttpSignatureScheme, wanted: string | undefined): HttpSignatureAlgorithm {
  const algorithm = wanted === undefined ? algorithms[0] : algorithms.find((allowed) => allowed === wanted)
  if (algorithm !== undefined) return algorithm
  throw cannotSign('key.algorithm', algorithms.map((allowed) => `'${allowed}'`).join(' | '), 'another')
}

interface RequiredComponent extends Component {
  readonly item: Item
}

/** `@query-param;name="a"` as a component. */
function readComponent(required: string): RequiredComponent {
  const [name = '', ...parameters] = required.split(';')
  const item = parseItem([`"${name}"`, ...parameters].join(';'))
  const component = componentOf(item)
  if (component === undefined) throw cannotSign('connector', 'one that requires components of a request', 'another')
  return { ...component, item }
}

function parametersOf(
  { requiresParameters = [], tag }: HttpSignatureScheme,
  algorithm: HttpSignatureAlgorithm,
  { key, timestampMs, random }: SigningContext,
): Map<string, BareItem> {
  const created = Math.floor(timestampMs / 1000)
  const parameters = new Map<string, BareItem>([['created', created]])
  if (requiresParameters.includes('expires')) parameters.set('expires', created + LIFETIME_S)
  if (requiresParameters.includes('nonce')) parameters.set('nonce', random.uuid())
  if (requiresParameters.includes('alg')) parameters.set('alg', algorithm)
  const keyId = key.keyId ?? (requiresParameters.includes('keyid') ? 'test-key' : undefined)
  if (keyId !== undefined) parameters.set('keyid', keyId)
  if (tag !== undefined) parameters.set('tag', tag)
  else if (requiresParameters.includes('tag')) parameters.set('tag', 'test')
  return parameters
}

async function signBase(
  base: string,
  algorithm: HttpSignatureAlgorithm,
  { secret: format = { encoding: 'utf8' } }: HttpSignatureScheme,
  { key, hashes }: SigningContext,
): Promise<Uint8Array> {
  const message = joinPieces([byteString(base)])
  const own = httpAlgorithms[algorithm]
  if (own !== undefined) return signBytes(signatureAlgorithms[own], key.privateKey, message)
  const secret = decodeKey(key.secret ?? '', format)
  if (secret === undefined) throw cannotSign('key', keyForm(format).description, 'a string of another form')
  return hashes.importKey('sha256', secret)([message])
}

function bareItem(bytes: Uint8Array): Item {
  return [new Uint8Array(bytes).buffer, new Map()]
}
