import type { Connector } from '../connectors/connector.ts'
import { IntegrationError, type IntegrationErrorInit } from '../errors/integration-error.ts'
import { readUpstreamFacts } from '../errors/upstream-facts.ts'
import { type CallRecord, callFactsOf } from '../fetch/call-record.ts'
import { recordOf, remember } from '../fetch/explain.ts'
import type { Clock } from '../time/clock.ts'
import type { RequestOptions, ResolvedClientOptions } from './client-options.ts'

/** One request of a client: what there is to say of it in an error. */
export class ClientCall {
  readonly method: string
  readonly connector: Connector | undefined
  readonly clock: Clock
  readonly signal: AbortSignal | undefined
  readonly allowPartial: boolean
  /** As asked for; as it was sent, once it was. */
  url: string
  response: Response | undefined
  /** With what the reading of the body was ended when the deadline passed; absent until then. */
  timeoutReason: unknown
  readonly #connection: string | undefined

  constructor(client: ResolvedClientOptions, method: string, url: string, options: RequestOptions) {
    this.method = method
    this.url = url
    this.connector = client.connector
    this.clock = client.clock
    this.signal = options.signal ?? undefined
    this.allowPartial = options.allowPartial ?? false
    this.#connection = client.connection
  }

  /** An error about this call: `init`, and everything else that is known. `explain` knows the call by it. */
  error(init: IntegrationErrorInit, record: CallRecord | undefined = recordOf(this.response)): IntegrationError {
    const provider = this.connector?.id
    const connection = this.#connection
    const error = new IntegrationError({
      ...(provider === undefined ? {} : { integration: provider }),
      ...(connection === undefined ? {} : { connection }),
      ...(record === undefined ? {} : callFactsOf(record)),
      endpoint: `${this.method} ${this.url}`,
      at: this.clock.now(),
      ...(this.response === undefined ? {} : { upstream: this.upstream(this.response, undefined) }),
      ...init,
    })
    if (record !== undefined) remember(error, record)
    return error
  }

  /** The answer is not what was agreed; `what` completes the sentence and holds no value of the body. */
  mismatch(reason: string, what: string, cause?: unknown): IntegrationError {
    return this.error({
      code: 'schema_mismatch',
      reason,
      phase: 'parse',
      message: `${this.connector?.name ?? 'The API'} answered ${this.response?.status ?? ''}, but not in the agreed shape: ${what}.`,
      ...(cause === undefined ? {} : { cause }),
    })
  }

  upstream({ status, headers }: Response, body: unknown): NonNullable<IntegrationErrorInit['upstream']> {
    return readUpstreamFacts(status, headers, body, this.connector?.http?.requestIdHeader)
  }
}
