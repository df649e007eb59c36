import { inspect } from 'node:util'
import type { Connector, SignatureVector, VerificationScheme } from '@holdfast/core'
import { createVerifier, type Verifier, type VerifyResult } from '@holdfast/webhook-receiver'
import { seededRandom } from '../crash/seeded-random.ts'
import { webhookConnectors } from './all-connectors.ts'
import { below, strangeRequest } from './strange-request.ts'
import { wrongSecret } from './wrong-secrets.ts'

/** What a run of strange requests came to. */
export interface FuzzReport {
  readonly inputs: number
  readonly schemes: number
  /** How often each reason was given. */
  readonly reasons: Readonly<Record<string, number>>
  /** Requests that were accepted, that made verification throw, or whose result held a secret. There must be none. */
  readonly defects: readonly string[]
}

interface Target {
  readonly name: string
  readonly verifier: Verifier
  readonly secret: string
  readonly vectors: readonly SignatureVector[]
}

const MAX_DEFECTS = 20

/**
 * Verifies strange requests, scheme after scheme, with secrets that nobody has signed with. Nothing may be accepted, nothing thrown, and no
 * result may show a secret.
 */
export async function fuzz(options: { readonly inputs: number; readonly seed: number }): Promise<FuzzReport> {
  const random = seededRandom(options.seed)
  const targets = (await webhookConnectors()).flatMap(targetsOf)
  const reasons: Record<string, number> = {}
  const defects: string[] = []

  for (let input = 0; input < options.inputs && defects.length < MAX_DEFECTS; input++) {
    const target = targets[input % targets.length]
    const vector = target?.vectors[below(random, target.vectors.length)]
    if (target === undefined || vector === undefined) throw new Error('There is no connector with vectors.')
    const request = strangeRequest(random, vector)
    const tell = (what: string): void => {
      defects.push(`${target.name}: ${what}: ${inspect({ ...request, body: Buffer.from(request.body) }, { depth: 4 })}`)
    }
    try {
      const pending = target.verifier.verify(request)
      const result: VerifyResult = pending instanceof Promise ? await pending : pending
      if (result.ok) tell('accepted')
      else reasons[result.reason] = (reasons[result.reason] ?? 0) + 1
      if (inspect(result, { depth: 8 }).includes(target.secret)) tell('shows the secret')
    } catch (error) {
      tell(`threw ${String(error)}`)
    }
  }
  return { inputs: options.inputs, schemes: targets.length, reasons, defects }
}

function targetsOf(connector: Connector): readonly Target[] {
  return (connector.webhook?.verify ?? []).flatMap((scheme, index) => {
    const vectors = scheme.vectors ?? []
    const secret = wrongSecret(scheme)
    if (vectors.length === 0 || scheme.scheme === 'none') return []
    const only = { ...connector, webhook: { verify: [withoutSelect(scheme)] } }
    return [
      {
        name: `${connector.id} scheme ${index}`,
        verifier: createVerifier({
          connector: only,
          ...(secret === undefined ? {} : { secrets: [secret] }),
          // Nobody has the keys that the requests name.
          keys: { fetchKey: () => Promise.resolve(undefined) },
          keyUrl: 'https://keys.example/{keyId}',
        }),
        secret: secret ?? '\0',
        vectors,
      },
    ]
  })
}

/** Every request is to reach the scheme. */
function withoutSelect(scheme: VerificationScheme): VerificationScheme {
  const { select: _, ...rest } = scheme
  return rest as VerificationScheme
}
