import type { HeaderPairs, IncomingWebhook } from '@holdfast/webhook-receiver'

/**
 * What the adapter reads of an event: of a REST API (format 1.0), of an HTTP API (1.0 or 2.0), of a function URL (2.0), or of
 * an Application Load Balancer.
 */
export interface LambdaHttpEvent {
  readonly body?: string | null | undefined
  readonly isBase64Encoded?: boolean | undefined
  readonly headers?: Readonly<Record<string, string | undefined>> | null | undefined
  readonly pathParameters?: Readonly<Record<string, string | undefined>> | null | undefined
  readonly requestContext?: {
    /** Format 2.0. */
    readonly http?: { readonly method: string; readonly sourceIp: string }
    /** Format 1.0: the path as the client sent it, with the stage. */
    readonly path?: string
    readonly identity?: { readonly sourceIp?: string | null }
    /** Load balancers only. */
    readonly elb?: object
  }
  /** Format 2.0. */
  readonly rawPath?: string
  readonly rawQueryString?: string
  readonly cookies?: readonly string[] | null | undefined
  /** Format 1.0 and load balancers. */
  readonly httpMethod?: string
  readonly path?: string
  readonly multiValueHeaders?: Readonly<Record<string, readonly string[] | undefined>> | null | undefined
  readonly queryStringParameters?: Readonly<Record<string, string | undefined>> | null | undefined
  readonly multiValueQueryStringParameters?: Readonly<Record<string, readonly string[] | undefined>> | null | undefined
}

/** The request that an event describes, but its body. `undefined`: the event describes none. */
export function requestOf(event: LambdaHttpEvent): Omit<IncomingWebhook, 'body'> | undefined {
  const { requestContext: { http, path, identity } = {}, httpMethod, rawPath, rawQueryString = '' } = event
  if (http !== undefined && rawPath !== undefined) {
    const url = targetOf(rawPath, rawQueryString)
    return { method: http.method, url, headers: headersOf(event), remoteAddress: http.sourceIp }
  }
  if (httpMethod === undefined || event.path === undefined) return undefined
  const remoteAddress = identity?.sourceIp
  return {
    method: httpMethod,
    url: targetOf(path ?? event.path, queryOf(event)),
    headers: headersOf(event),
    ...(remoteAddress ? { remoteAddress } : {}),
  }
}

function headersOf({ headers, multiValueHeaders, cookies }: LambdaHttpEvent): HeaderPairs {
  const pairs = pairsOf(multiValueHeaders ?? headers)
  return cookies?.length ? [...pairs, ['cookie', cookies.join('; ')]] : pairs
}

function queryOf(event: LambdaHttpEvent): string {
  // Load balancers hand the query on as it was sent, REST APIs decode it.
  const encode = event.requestContext?.elb === undefined ? encodeURIComponent : (text: string) => text
  const pairs = pairsOf(event.multiValueQueryStringParameters ?? event.queryStringParameters)
  return pairs.map(([name, value]) => `${encode(name)}=${encode(value)}`).join('&')
}

function pairsOf(
  record: Readonly<Record<string, string | readonly string[] | undefined>> | null | undefined,
): HeaderPairs {
  return Object.entries(record ?? {}).flatMap(([name, values = []]) =>
    [values].flat().map((value): [string, string] => [name, value]),
  )
}

function targetOf(path: string, query: string): string {
  // HTTP APIs decode the path; what would end it, or cannot stand in it, is encoded again.
  const encoded = path.replace(/[?#\s\p{Cc}\P{ASCII}]/gu, percentEncoded)
  return query === '' ? encoded : `${encoded}?${query}`
}

// Unlike `encodeURIComponent` this takes half of a surrogate pair, which a decoded path may hold, as well.
function percentEncoded(character: string): string {
  return Buffer.from(character).toString('hex').toUpperCase().replace(/../g, '%$&')
}
