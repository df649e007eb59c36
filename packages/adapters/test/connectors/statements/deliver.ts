import type { Connector } from '@holdfast/core'
import { createVerifier, type VerifierOptions, type VerifyResult } from '@holdfast/webhook-receiver'
import { fixedKeys } from '@holdfast/webhook-receiver/testing'
import { connectors } from '../load-connectors.ts'
import type { Delivery, Draft, Statement } from './statement.ts'

const byId = new Map(connectors)

/** When everything is signed and arrives, in milliseconds. */
export const NOW_MS = 1_764_000_000_000

/** Signs with the first secret, unless the test says otherwise. */
export function signed(statement: Statement, change: Partial<Draft> = {}): Delivery {
  const [secret] = statement.secrets
  return statement.sign({
    secret,
    body: sampleBody(statement),
    atMs: NOW_MS,
    id: 'msg_2KWPBgLlAfxdpx2AI54pPJ85f4W',
    url: 'https://example.com/hooks?a=1&b=2',
    ...change,
  })
}

/** A body that the statement can sign. */
export function sampleBody({ bodies = 'bytes' }: Statement): Buffer {
  return Buffer.from(
    bodies === 'form' ? 'Body=a+%26+b&From=%2B123' : /json|text/.test(bodies) ? 'some text' : '{"some":"text"}',
  )
}

/** What a test changes about a delivery. */
export interface Change extends Pick<Partial<VerifierOptions>, 'secrets' | 'toleranceMs'> {
  readonly headers?: readonly (readonly [string, string])[]
  readonly body?: Buffer
  readonly url?: string
  readonly receivedAt?: number
  /** What the provider publishes. */
  readonly keys?: Readonly<Record<string, string>>
  readonly connector?: Connector
}

/** Delivers what was signed to a verifier of the connector, with something changed on the way. */
export async function deliver(
  statement: Statement,
  delivery: Delivery,
  sentBody: Buffer,
  change: Change = {},
): Promise<VerifyResult> {
  const { secrets = [statement.secrets[0]], toleranceMs, receivedAt = NOW_MS } = change
  const { connector = byId.get(statement.connector)! } = change
  const { headers = Object.entries(delivery.headers), body = sentBody, url = delivery.url } = change
  const verifier = createVerifier({
    connector,
    secrets: statement.namesKeys ? [] : secrets,
    ...keysOf(statement, change.keys, secrets),
    ...(toleranceMs === undefined ? {} : { toleranceMs }),
  })
  return verifier.verify({ headers, body, receivedAt, method: 'POST', ...(url === undefined ? {} : { url }) })
}

/** What the provider publishes: of keys that take the place of secrets those that are wanted, else all. */
function keysOf(
  { published, namesKeys }: Statement,
  keys: Change['keys'],
  secrets: VerifierOptions['secrets'],
): Pick<VerifierOptions, 'keys'> {
  if (published === undefined) return {}
  if (keys !== undefined || !namesKeys || !Array.isArray(secrets))
    return { keys: fixedKeys(keys ?? published.documents) }
  const wanted: readonly unknown[] = secrets
  return {
    keys: fixedKeys(Object.fromEntries(Object.entries(published.documents).filter(([name]) => wanted.includes(name)))),
  }
}
