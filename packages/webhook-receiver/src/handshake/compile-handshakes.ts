import type { Handshake, HandshakeCondition, WebhookDescription } from '@holdfast/core'
import { compileCondition, type RequestPredicate } from '../verify/request-condition.ts'
import type { RequestReader } from '../verify/request-reader.ts'

// What is read before anything is verified is small: no handshake comes near this.
const MAX_UNVERIFIED_BYTES = 16_384

/** The handshakes of a connector, ready to be told from events. */
export interface CompiledHandshakes {
  /** Every method that the connector's requests have, for the header `allow` (RFC 9110 10.2.1). */
  readonly allow: string
  /** Whether any request of this method can be something. */
  takes(method: string): boolean
  /** Whether a verified request of this method can be something. */
  verifies(method: string): boolean
  /** The handshake that a request is before it is verified. */
  beforeVerification(reader: RequestReader): Handshake | undefined
  /** The handshake that a verified request is. */
  afterVerification(reader: RequestReader): Handshake | undefined
}

interface CompiledHandshake {
  readonly handshake: Handshake
  readonly holds: RequestPredicate
}

/** Prepares the handshakes of a connector. */
export function compileHandshakes({ handshakes = [] }: WebhookDescription): CompiledHandshakes {
  const methods = new Set(['POST', ...handshakes.map(methodOf)])
  const verified = compile(handshakes.filter((handshake) => handshake.verified === true))
  const unverified = compile(handshakes.filter((handshake) => handshake.verified !== true))
  const verifying = new Set(['POST', ...verified.map(({ handshake }) => methodOf(handshake))])
  const first = (among: readonly CompiledHandshake[], reader: RequestReader): Handshake | undefined =>
    among.find(({ holds }) => holds(reader))?.handshake

  return {
    allow: [...methods].toSorted().join(', '),
    takes: (method) => methods.has(method),
    verifies: (method) => verifying.has(method),
    beforeVerification: (reader) =>
      unverified.length === 0 || reader.request.body.length > MAX_UNVERIFIED_BYTES
        ? undefined
        : first(unverified, reader),
    afterVerification: (reader) => (verified.length === 0 ? undefined : first(verified, reader)),
  }
}

function compile(handshakes: readonly Handshake[]): readonly CompiledHandshake[] {
  return handshakes.map((handshake) => {
    const method = methodOf(handshake)
    const conditions = handshake.when.map(compileHandshakeCondition)
    return {
      handshake,
      holds: (reader) => reader.request.method === method && conditions.every((holds) => holds(reader)),
    }
  })
}

function methodOf({ when }: Handshake): string {
  for (const condition of when) {
    if ('method' in condition) return condition.method
  }
  return 'POST'
}

function compileHandshakeCondition(condition: HandshakeCondition): RequestPredicate {
  if ('method' in condition) return () => true
  if ('onlyMembers' in condition) return (reader) => hasOnly(reader, condition.onlyMembers)
  return compileCondition(condition)
}

function hasOnly(reader: RequestReader, names: readonly string[]): boolean {
  const members = membersOf(reader)
  return members !== undefined && members.length === names.length && names.every((name) => members.includes(name))
}

function membersOf({ fields }: RequestReader): readonly string[] | undefined {
  if (fields.isForm) return fields.pairs().map(([name]) => name)
  const value = fields.value('')
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? Object.keys(value) : undefined
}
