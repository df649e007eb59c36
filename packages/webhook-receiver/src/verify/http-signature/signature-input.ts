import { joinedHeader } from '../request-headers.ts'
import type { RequestReader } from '../request-reader.ts'
import { type Component, componentOf } from './component.ts'
import { type BareItem, type InnerList, isInnerList, parseDictionary, serializeInnerList } from './structured-fields.ts'

/** A signature and what it says it covers (RFC 9421 section 4). */
export interface LabelledSignature {
  readonly label: string
  readonly signature: Uint8Array
  readonly components: readonly Component[]
  readonly parameters: SignatureParameters
  /** The inner list in its one strict form, as it ends the signature base. */
  readonly serialized: string
}

/** Parameters of a signature that are registered (section 2.3), times in seconds since the epoch. */
export interface SignatureParameters {
  readonly created?: number
  readonly expires?: number
  readonly nonce?: string
  readonly alg?: string
  readonly keyid?: string
  readonly tag?: string
}

/**
 * Reads `Signature-Input` and `Signature`. Labels that are in one of them only, or whose input is no list of components, are
 * left out: another signature may be meant for somebody else. `undefined` when a header is there and is no dictionary.
 */
export function readSignatures(request: RequestReader): readonly LabelledSignature[] | undefined {
  const inputs = dictionaryOf(request, 'signature-input')
  const signatures = dictionaryOf(request, 'signature')
  if (inputs === undefined || signatures === undefined) return undefined
  const found: LabelledSignature[] = []
  for (const [label, input] of inputs) {
    const bytes = signatures.get(label)?.[0]
    if (!isInnerList(input) || !(bytes instanceof ArrayBuffer)) continue
    const read = readInput(input)
    if (read !== undefined) found.push({ label, signature: new Uint8Array(bytes), ...read })
  }
  return found
}

function dictionaryOf(request: RequestReader, name: string): ReturnType<typeof parseDictionary> | undefined {
  try {
    return parseDictionary(joinedHeader(request.headers, name) ?? '')
  } catch {
    return undefined
  }
}

function readInput(input: InnerList): Omit<LabelledSignature, 'label' | 'signature'> | undefined {
  const [items, parameters] = input
  const components: Component[] = []
  for (const item of items) {
    const component = componentOf(item)
    if (component === undefined) return undefined
    components.push(component)
  }
  // Section 2: each identifier once, else a covered value could stand for another.
  if (new Set(components.map(({ identifier }) => identifier)).size < components.length) return undefined
  const read = readParameters(parameters)
  return read && { components, parameters: read, serialized: serializeInnerList(input) }
}

function readParameters(parameters: ReadonlyMap<string, BareItem>): SignatureParameters | undefined {
  const read: Record<string, BareItem> = {}
  for (const [name, kind] of Object.entries(parameterKinds)) {
    const value = parameters.get(name)
    if (value === undefined) continue
    if (kind === 'string' ? typeof value !== 'string' : !Number.isSafeInteger(value)) return undefined
    read[name] = value
  }
  return read
}

const parameterKinds: Readonly<Record<keyof SignatureParameters, 'integer' | 'string'>> = Object.freeze({
  created: 'integer',
  expires: 'integer',
  nonce: 'string',
  alg: 'string',
  keyid: 'string',
  tag: 'string',
})
