// Turns HTTP requests into the events that AWS makes of them, and results into answers, as its documentation says and as
// others have seen it do: docs/adapters/lambda.md names the differences.
import { createServer, type IncomingMessage, type Server } from 'node:http'
import { buffer } from 'node:stream/consumers'
import type { LambdaHttpEvent, LambdaHttpResult } from '@holdfast/adapters/lambda'
import type { ALBEvent, APIGatewayProxyEvent, APIGatewayProxyEventV2 } from 'aws-lambda'

/** What makes an event of a request. */
export type EventMaker = (request: IncomingMessage, body: Buffer, source: string | undefined) => LambdaHttpEvent

/** How a REST API is set up. */
export interface RestApiOptions {
  /** Whether `*` + `/*` is among its `binaryMediaTypes`. Otherwise it makes text of every body. */
  readonly binary: boolean
}

const context = {
  accountId: '123456789012',
  apiId: 'api',
  domainName: 'api.example.com',
  domainPrefix: 'api',
  requestId: 'r',
  stage: 'prod',
}

/** Serves a Lambda function as a gateway does. */
export function lambdaGateway(
  makeEvent: EventMaker,
  handler: (event: LambdaHttpEvent) => Promise<LambdaHttpResult>,
): Server {
  return createServer(async (request, response) => {
    const body = await buffer(request).catch(() => undefined)
    // A gateway calls no function for a request that it never had whole.
    if (body === undefined) return
    const source = /\/webhooks\/([^/?]+)/.exec(request.url ?? '')?.[1]
    if (source === undefined || !isDecodable(source)) return response.writeHead(400).end()
    // An event goes through JSON.
    const event = JSON.parse(JSON.stringify(makeEvent(request, body, decodeURIComponent(source)))) as LambdaHttpEvent
    const result = await handler(event)
    const headers = result.headers ?? result.multiValueHeaders ?? {}
    return response.writeHead(result.statusCode, headers).end(result.body)
  })
}

/** Payload format 1.0 of a REST API: header names as they came, the query decoded, no declared length. */
export function restApiEvent({ binary }: RestApiOptions): EventMaker {
  return (request, body, source) => {
    const { pathname, searchParams } = targetOf(request)
    const headers = distinctHeaders(request, (name) => name)
    delete headers['Content-Length']
    const query: Record<string, string[]> = {}
    for (const [name, value] of searchParams) (query[name] ??= []).push(value)
    const event: APIGatewayProxyEvent = {
      ...contentOf(body, binary),
      httpMethod: request.method ?? '',
      path: pathname,
      resource: '/webhooks/{source}',
      pathParameters: { source },
      stageVariables: null,
      headers: lastValues(headers),
      multiValueHeaders: headers,
      queryStringParameters: searchParams.size === 0 ? null : lastValues(query),
      multiValueQueryStringParameters: searchParams.size === 0 ? null : query,
      requestContext: {
        ...context,
        protocol: 'HTTP/1.1',
        httpMethod: request.method ?? '',
        path: pathname,
        requestTimeEpoch: 0,
        resourceId: 'resource',
        resourcePath: '/webhooks/{source}',
        authorizer: null,
        identity: { ...nobody, sourceIp: request.socket.remoteAddress ?? '', userAgent: null },
      },
    }
    return event
  }
}

/** Payload format 2.0 of an HTTP API: header names in lower case, repeated ones joined, cookies apart, base64 by content type. */
export const httpApiEvent: EventMaker = (request, body, source) => format2Event(request, body, { source })

/** The same for a function URL, which has no path parameters. */
export const functionUrlEvent: EventMaker = (request, body) => format2Event(request, body, undefined)

/** A load balancer: the query as it was sent, and header names in lower case. */
export function loadBalancerEvent({ multiValue }: { readonly multiValue: boolean }): EventMaker {
  return (request, body) => {
    const { pathname, search } = targetOf(request)
    const headers = distinctHeaders(request, (name) => name.toLowerCase())
    const query: Record<string, string[]> = {}
    for (const pair of search.slice(1).split('&').filter(Boolean)) {
      const [name = '', ...value] = pair.split('=')
      ;(query[name] ??= []).push(value.join('='))
    }
    const content = contentOf(body, isBinary(headers))
    const event: ALBEvent = {
      ...content,
      body: content.body ?? '',
      httpMethod: request.method ?? '',
      path: pathname,
      requestContext: {
        elb: { targetGroupArn: 'arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/a/b' },
      },
      ...(multiValue
        ? { multiValueHeaders: headers, multiValueQueryStringParameters: query }
        : { headers: lastValues(headers), queryStringParameters: lastValues(query) }),
    }
    return event
  }
}

function format2Event(
  request: IncomingMessage,
  body: Buffer,
  pathParameters: Record<string, string | undefined> | undefined,
): LambdaHttpEvent {
  const { pathname, search } = targetOf(request)
  const { cookie: cookies, ...headers } = distinctHeaders(request, (name) => name.toLowerCase())
  const { body: content, isBase64Encoded } = contentOf(body, isBinary(headers))
  const event: APIGatewayProxyEventV2 = {
    version: '2.0',
    routeKey: '$default',
    // HTTP APIs decode the path, function URLs do not.
    rawPath: pathParameters === undefined ? pathname : decodeURIComponent(pathname),
    rawQueryString: search.slice(1),
    ...(cookies === undefined ? {} : { cookies: cookies.flatMap((cookie) => cookie.split('; ')) }),
    headers: Object.fromEntries(Object.entries(headers).map(([name, values]) => [name, values.join(',')])),
    ...(pathParameters === undefined ? {} : { pathParameters }),
    isBase64Encoded,
    ...(content === null ? {} : { body: content }),
    requestContext: {
      ...context,
      routeKey: '$default',
      time: '',
      timeEpoch: 0,
      http: {
        method: request.method ?? '',
        path: pathname,
        protocol: 'HTTP/1.1',
        sourceIp: request.socket.remoteAddress ?? '',
        userAgent: '',
      },
    },
  }
  return event
}

/** The path and the query of a request target as they were written, and the query decoded. */
function targetOf({ url = '' }: IncomingMessage): {
  readonly pathname: string
  readonly search: string
  readonly searchParams: URLSearchParams
} {
  const [pathname = '', ...rest] = url.split('?')
  const search = rest.length === 0 ? '' : `?${rest.join('?')}`
  return { pathname, search, searchParams: new URLSearchParams(search) }
}

function distinctHeaders({ rawHeaders }: IncomingMessage, rename: (name: string) => string): Record<string, string[]> {
  const headers: Record<string, string[]> = {}
  for (let index = 0; index + 1 < rawHeaders.length; index += 2) {
    ;(headers[rename(rawHeaders[index] ?? '')] ??= []).push(rawHeaders[index + 1] ?? '')
  }
  return headers
}

function lastValues(record: Readonly<Record<string, readonly string[]>>): Record<string, string> {
  return Object.fromEntries(Object.entries(record).map(([name, values]) => [name, values.at(-1) ?? '']))
}

function contentOf(body: Buffer, binary: boolean): { readonly body: string | null; readonly isBase64Encoded: boolean } {
  if (body.length === 0) return { body: null, isBase64Encoded: false }
  return { body: body.toString(binary ? 'base64' : 'utf8'), isBase64Encoded: binary }
}

/** HTTP APIs, function URLs and load balancers take these types for text; everything else, and no type, is binary to them. */
function isBinary(headers: Readonly<Record<string, readonly string[]>>): boolean {
  if (headers['content-encoding'] !== undefined) return true
  const type = headers['content-type']?.[0]?.split(';', 1)[0]?.trim().toLowerCase() ?? ''
  return !type.startsWith('text/') && !['application/json', 'application/javascript', 'application/xml'].includes(type)
}

function isDecodable(text: string): boolean {
  try {
    decodeURIComponent(text)
    return true
  } catch {
    return false
  }
}

const nobody = {
  accessKey: null,
  accountId: null,
  apiKey: null,
  apiKeyId: null,
  caller: null,
  clientCert: null,
  cognitoAuthenticationProvider: null,
  cognitoAuthenticationType: null,
  cognitoIdentityId: null,
  cognitoIdentityPoolId: null,
  principalOrgId: null,
  user: null,
  userArn: null,
} as const
