import type { HttpSignatureScheme } from '@holdfast/core'
import type { RequestReader } from '../request-reader.ts'
import type { SchemeSetup } from '../scheme.ts'
import { judgeTimestamp } from '../signature-timestamp.ts'
import { notVerified, type NotVerified, type VerifyFailureReason, type VerifyResult } from '../verify-result.ts'
import { checkContentDigest } from './content-digest.ts'
import { coverageOf } from './http-coverage.ts'
import type { HttpKeyMatcher } from './match-http-key.ts'
import { signatureBase } from './signature-base.ts'
import { type LabelledSignature, readSignatures } from './signature-input.ts'

/**
 * Verifies the signatures of a request until one fits that covers what the scheme requires. Where none does, the reason is that
 * of the one that came furthest.
 */
export async function verifyHttpSignature(
  reader: RequestReader,
  scheme: HttpSignatureScheme,
  match: HttpKeyMatcher,
  setup: SchemeSetup,
): Promise<VerifyResult> {
  const signatures = readSignatures(reader)?.filter(({ label }) => scheme.label === undefined || scheme.label === label)
  if (signatures === undefined || signatures.length === 0) return notVerified('malformed_signature')
  let failure: NotVerified | undefined
  for (const signature of signatures.slice(0, MAX_SIGNATURES)) {
    const result = await verifyOne(reader, signature, scheme, match, setup)
    if (result.ok) return result
    if (failure === undefined || progress(result) > progress(failure)) failure = result
  }
  return failure ?? notVerified('malformed_signature')
}

// More than any request has; each costs a public-key operation.
const MAX_SIGNATURES = 8

async function verifyOne(
  reader: RequestReader,
  signature: LabelledSignature,
  scheme: HttpSignatureScheme,
  match: HttpKeyMatcher,
  { hashes, eventId, toleranceMs: ownToleranceMs }: SchemeSetup,
): Promise<VerifyResult> {
  const { parameters, components } = signature
  const toleranceMs = ownToleranceMs ?? scheme.toleranceMs
  if (!coversEnough(signature, scheme, toleranceMs !== undefined)) return notVerified('insufficient_coverage')
  const algorithms = scheme.algorithms.filter(
    (algorithm) => parameters.alg === undefined || parameters.alg === algorithm,
  )
  if (algorithms.length === 0) return notVerified('unexpected_algorithm')
  const base = signatureBase(signature, reader)
  if (typeof base !== 'string') return notVerified(base.missing)

  const matched = await match({ reader, base, signature: signature.signature, algorithms, keyId: parameters.keyid })
  if (matched === undefined) return notVerified('mismatch')
  if ('ok' in matched) return matched

  const digest = await checkContentDigest(components, reader, hashes)
  if (digest === 'differs') return notVerified('body_mismatch')
  // The time is judged last: `timestamp_stale` is only said of a request that is authentic otherwise.
  const stale = judgeTimes(signature, reader.request.receivedAt, toleranceMs)
  if (stale !== undefined) return notVerified(stale)
  const bound = coverageOf(signature, digest === 'fits', eventId)
  return {
    ok: true,
    scheme: 'http-signature',
    bound,
    strength: bound.includes('body') ? 'signature' : 'partial',
    keyIndex: matched.keyIndex,
    claims: { ...parameters },
    ...(matched.id !== undefined && { keyId: matched.id }),
    ...(eventId !== undefined && { eventId }),
  }
}

/** Whether a signature says that it covers what it must. */
function coversEnough(
  { components, parameters }: LabelledSignature,
  { requires, requiresParameters = [], tag }: HttpSignatureScheme,
  timed: boolean,
): boolean {
  const covered = new Set(components.map(({ identifier }) => identifier))
  const wanted = timed ? [...requiresParameters, 'created' as const] : requiresParameters
  return (
    requires.every((component) => covered.has(identifierOf(component))) &&
    wanted.every((name) => parameters[name] !== undefined) &&
    (tag === undefined || tag === parameters.tag)
  )
}

/** `@query-param;name="a"` as it stands in a signature base. */
function identifierOf(component: string): string {
  const [name = '', ...parameters] = component.split(';')
  return [`"${name}"`, ...parameters].join(';')
}

function judgeTimes(
  { parameters: { created, expires } }: LabelledSignature,
  receivedAt: number,
  toleranceMs: number | undefined,
): VerifyFailureReason | undefined {
  // Not the other way round: an arrival time that is none must not pass.
  if (expires !== undefined && !(receivedAt <= expires * 1000)) return 'stale_timestamp'
  return created === undefined || toleranceMs === undefined
    ? undefined
    : judgeTimestamp(created * 1000, receivedAt, toleranceMs)
}

/** How far a signature came before it failed; what a repeat may mend comes before everything. */
function progress({ reason }: NotVerified): number {
  return furthest.indexOf(reason)
}

const furthest: readonly VerifyFailureReason[] = [
  'mismatch',
  'unknown_key',
  'body_mismatch',
  'future_timestamp',
  'stale_timestamp',
  'key_unavailable',
]
