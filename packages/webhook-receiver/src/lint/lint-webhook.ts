import type { Connector, SignatureVector, WebhookDescription } from '@holdfast/core'
import { compileSelect } from '../verify/request-condition.ts'
import { RequestReader } from '../verify/request-reader.ts'
import type { VerifiableRequest } from '../verify/verifiable-request.ts'
import type { Verified, VerifyResult } from '../verify/verify-result.ts'
import type { Report } from './finding.ts'
import { lintFields, type VerifiedVector } from './lint-fields.ts'
import { vectorRequest } from './vector-request.ts'
import { vectorVerifier } from './vector-verifier.ts'

/** Runs the vectors of every scheme, and looks at what they show of the fields. */
export async function lintWebhook(connector: Connector, webhook: WebhookDescription, report: Report): Promise<void> {
  const verified: VerifiedVector[] = []
  for (const [index, scheme] of webhook.verify.entries()) {
    const path = `webhook.verify[${index}]`
    const vectors = scheme.vectors ?? []
    if (vectors.length === 0 && scheme.scheme !== 'none')
      report({
        severity: 'warning',
        code: 'no_vector',
        path,
        message: 'No vector shows that this is how the sender signs.',
      })
    for (const [at, vector] of vectors.entries()) {
      const request = vectorRequest(vector)
      const result = await lintVector(`${path}.vectors[${at}]`, { connector, webhook, index, vector, request }, report)
      if (result !== undefined) verified.push({ scheme, request, result })
    }
  }
  lintFields(webhook, verified, report)
}

interface VectorCase {
  readonly connector: Connector
  readonly webhook: WebhookDescription
  /** Of the scheme that the vector is of. */
  readonly index: number
  readonly vector: SignatureVector
  readonly request: VerifiableRequest
}

/** Reports a vector that proves nothing. */
async function lintVector(path: string, sample: VectorCase, report: Report): Promise<Verified | undefined> {
  const { webhook, index, request } = sample
  const selected = webhook.verify.findIndex(({ select }) => compileSelect(select)(new RequestReader(request)))
  if (selected !== index) {
    const message =
      selected === -1
        ? 'No scheme applies to this request.'
        : `\`webhook.verify[${selected}]\` applies to this request, not the scheme that the vector is of.`
    report({ severity: 'error', code: 'failing_vector', path, message })
    return undefined
  }
  const result = await verify(path, sample, request, report)
  if (result === undefined) return undefined
  if (!result.ok) {
    report({ severity: 'error', code: 'failing_vector', path, message: `It does not verify: ${result.reason}.` })
    return undefined
  }
  if (result.bound.includes('body') && (await survivesChange(sample)))
    report({
      severity: 'error',
      code: 'forgeable_vector',
      path,
      message: 'It verifies with another body, although the signature is said to cover it.',
    })
  return result
}

async function verify(
  path: string,
  { connector, vector }: VectorCase,
  request: VerifiableRequest,
  report: Report,
): Promise<VerifyResult | undefined> {
  try {
    return await vectorVerifier(connector, vector).verify(request)
  } catch {
    // The message of the verifier names options that the reader of a connector does not have.
    report({
      severity: 'error',
      code: 'failing_vector',
      path: `${path}.secret`,
      message: 'It is not written as the scheme says that a secret is.',
    })
    return undefined
  }
}

async function survivesChange({ connector, vector, request }: VectorCase): Promise<boolean> {
  const verifier = vectorVerifier(connector, vector)
  const body = new Uint8Array(request.body.length + 1)
  body.set(request.body)
  body[request.body.length] = '0'.charCodeAt(0)
  return (await verifier.verify({ ...request, body })).ok
}
