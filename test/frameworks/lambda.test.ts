import { createHmac } from 'node:crypto'
import github from '@holdfast/adapters/connectors/github'
import { type LambdaHttpEvent, lambdaWebhooks, type LambdaWebhooksOptions } from '@holdfast/adapters/lambda'
import type { IntegrationError } from '@holdfast/core'
import { createReceiver } from '@holdfast/webhook-receiver'
import { type FrameworkCapability, memoryBuffer } from '@holdfast/webhook-receiver/testing'
import type { ALBHandler, APIGatewayProxyHandler, APIGatewayProxyHandlerV2 } from 'aws-lambda'
import { describe, expect, expectTypeOf, onTestFinished, test } from 'vitest'
import { describeConformance, listening } from './conformance.ts'
import {
  type EventMaker,
  functionUrlEvent,
  httpApiEvent,
  lambdaGateway,
  loadBalancerEvent,
  restApiEvent,
} from './lambda-gateway.ts'
import { recordingReceiver } from './recording-receiver.ts'

interface Platform {
  readonly name: string
  readonly makeEvent: EventMaker
  readonly capabilities: readonly FrameworkCapability[]
  readonly maxBodyBytes: number
  readonly options?: LambdaWebhooksOptions
}

// A function takes 6 MB, and base64 makes 4 bytes of 3.
const LAMBDA_BYTES = 4_500_000
const fromPath = { source: '/webhooks/:source' }

const platforms: readonly Platform[] = [
  {
    name: 'a REST API',
    makeEvent: restApiEvent({ binary: true }),
    capabilities: [
      'any-bytes',
      'header-case',
      'header-bytes',
      'repeated-headers',
      'head-method',
      'remote-address',
      'prefix',
    ],
    maxBodyBytes: LAMBDA_BYTES,
  },
  {
    name: 'an HTTP API',
    makeEvent: httpApiEvent,
    capabilities: ['header-bytes', 'url-encoding', 'exact-url', 'head-method', 'remote-address', 'prefix'],
    maxBodyBytes: LAMBDA_BYTES,
  },
  {
    name: 'a function URL',
    makeEvent: functionUrlEvent,
    capabilities: ['header-bytes', 'url-encoding', 'exact-url', 'head-method', 'remote-address', 'prefix'],
    maxBodyBytes: LAMBDA_BYTES,
    options: fromPath,
  },
  {
    name: 'a load balancer with multi-value headers',
    makeEvent: loadBalancerEvent({ multiValue: true }),
    capabilities: ['header-bytes', 'repeated-headers', 'head-method', 'prefix'],
    maxBodyBytes: 1_000_000,
    options: fromPath,
  },
]

for (const { name, makeEvent, capabilities, maxBodyBytes, options } of platforms) {
  describeConformance(`lambdaWebhooks behind ${name}`, {
    capabilities,
    maxBodyBytes,
    // No parser can come between a gateway and its function.
    parsers: [],
    start({ receiver, prefix = '' }) {
      const source = options?.source === undefined ? {} : { source: prefix + options.source }
      return listening(lambdaGateway(makeEvent, lambdaWebhooks(receiver, source)))
    },
  })
}

describe('lambdaWebhooks', () => {
  test('takes the events and gives the results of @types/aws-lambda', () => {
    const handler = lambdaWebhooks(recordingReceiver().receiver)
    expectTypeOf(handler).toExtend<APIGatewayProxyHandler>()
    expectTypeOf(handler).toExtend<APIGatewayProxyHandlerV2>()
    expectTypeOf(handler).toExtend<ALBHandler>()
  })

  test('finds the source in the path parameter, in a path, or by name', async () => {
    const found = async (options: LambdaWebhooksOptions, event: LambdaHttpEvent): Promise<string | undefined> => {
      const { receiver, received } = recordingReceiver()
      await lambdaWebhooks(receiver, options)(event)
      return received[0]?.source
    }
    expect(await found({}, { ...httpEvent('{}'), pathParameters: { source: 'stripe' } })).toBe('stripe')
    expect(await found({ source: '/prod/:source' }, { ...httpEvent('{}'), rawPath: '/prod/stripe' })).toBe('stripe')
    expect(await found({ source: 'github' }, { ...httpEvent('{}'), pathParameters: { source: 'stripe' } })).toBe(
      'github',
    )
  })

  test('throws for an event that is no request, and where nothing names a source', async () => {
    const handler = lambdaWebhooks(recordingReceiver().receiver)
    for (const event of [{}, { Records: [{ body: '{}' }] }, { source: 'aws.events' }]) {
      await expect(handler(event as LambdaHttpEvent)).rejects.toMatchObject({
        code: 'configuration_error',
        reason: 'unsupported_event',
      })
    }
    await expect(handler(httpEvent('{}'))).rejects.toMatchObject({ reason: 'missing_source' })
  })

  test('gives a REST API and a load balancer without multi-value headers what they read', async () => {
    const { receiver } = recordingReceiver()
    const handler = lambdaWebhooks(receiver, { source: 'github' })
    const event = { httpMethod: 'POST', path: '/a', headers: {}, body: '' }
    const expected = { statusCode: 200, headers: {}, body: '', isBase64Encoded: false }
    expect(await handler({ ...event, requestContext: { path: '/prod/a' } })).toEqual(expected)
    expect(await handler({ ...event, requestContext: { elb: {} } })).toEqual(expected)
  })

  test('gives the path with the stage, as the client sent it', async () => {
    const { receiver, received } = recordingReceiver()
    const handler = lambdaWebhooks(receiver, { source: 'github' })
    await handler({ httpMethod: 'POST', path: '/a%20b', requestContext: { path: '/prod/a%20b' } })
    await handler({ ...httpEvent(''), rawPath: '/prod/a%20b' })
    expect(received.map(({ url }) => url)).toEqual(['/prod/a%20b', '/prod/a%20b'])
  })

  test('encodes again what an HTTP API decoded in the path and would end it', async () => {
    const { receiver, received } = recordingReceiver()
    const handler = lambdaWebhooks(receiver, { source: 'github' })
    await handler({ ...httpEvent(''), rawPath: '/a?b#c d\u00e9\ud800/%2F', rawQueryString: 'q=%3F' })
    expect(received[0]?.url).toBe('/a%3Fb%23c%20d%C3%A9%EF%BF%BD/%2F?q=%3F')
  })

  test('puts cookies back together', async () => {
    const { receiver, received } = recordingReceiver()
    await lambdaWebhooks(receiver, { source: 'github' })({ ...httpEvent(''), cookies: ['a=1', 'b=2'] })
    expect(received[0]?.headers).toContainEqual(['cookie', 'a=1; b=2'])
  })

  describe('with a body that came as text', () => {
    const replaced = '{"name":"\ufffd"}'

    test('accepts what is UTF-8, a U+FFFD that was sent so included', async () => {
      for (const body of ['{"name":"é"}', replaced]) {
        const { handler, events } = await signedReceiver(body)
        expect((await handler(httpEvent(body))).statusCode).toBe(200)
        expect((await handler(httpEvent(body, { 'content-length': String(Buffer.byteLength(body)) }))).statusCode).toBe(
          200,
        )
        expect(events).toEqual([body])
      }
    })

    test('refuses what has another length than it was sent with, and names the setting', async () => {
      const { handler, refusals, events } = await signedReceiver(replaced)
      const { statusCode, body } = await handler(httpEvent(replaced, { 'content-length': '12' }))
      expect([statusCode, JSON.parse(body)]).toMatchObject([500, { reason: 'raw_body_unavailable' }])
      expect(refusals.map(({ name }) => name)).toEqual(['RawBodyUnavailableError'])
      expect(refusals[0]?.message).toContain('`*/*` to the `binaryMediaTypes`')
      expect(events).toEqual([])
    })

    test('names the setting beside a signature that does not fit, where the length is not known', async () => {
      const { handler, refusals } = await signedReceiver('{"name":"other"}')
      expect((await handler(httpEvent(replaced))).statusCode).toBe(500)
      expect(refusals.map(({ code }) => code)).toEqual(['signature_invalid', 'configuration_error'])
      expect(refusals[1]?.message).toContain('`binaryMediaTypes`')
    })

    test('says nothing of the setting when another body does not verify', async () => {
      const { handler, refusals } = await signedReceiver('{"name":"other"}')
      expect((await handler(httpEvent('{"name":"é"}'))).statusCode).toBe(401)
      expect(refusals.map(({ code }) => code)).toEqual(['signature_invalid'])
    })

    test('refuses a compressed one at once', async () => {
      const { handler, refusals } = await signedReceiver('{}')
      const event = httpEvent('\u001f\ufffd', { 'content-encoding': 'gzip' })
      expect((await handler(event)).statusCode).toBe(500)
      expect(refusals.map(({ message }) => message)).toEqual([
        expect.stringMatching(/^A compressed body was turned into text/),
      ])
    })
  })

  test('refuses, behind a REST API that makes text of everything, what is no UTF-8', async () => {
    const { receiver, refusals } = await signedReceiver('{}')
    const { origin, stop } = await listening(lambdaGateway(restApiEvent({ binary: false }), lambdaWebhooks(receiver)))
    onTestFinished(stop)
    const send = (body: Uint8Array): Promise<Response> => {
      const signature = createHmac('sha256', 'secret').update(body).digest('hex')
      const headers = { 'x-hub-signature-256': `sha256=${signature}` }
      return fetch(`${origin}/webhooks/github`, { method: 'POST', headers, body: Buffer.from(body) })
    }
    expect((await send(Buffer.from('{"name":"é"}'))).status).toBe(200)
    expect((await send(Buffer.from([0x7b, 0xff, 0x7d]))).status).toBe(500)
    expect(refusals.at(-1)).toMatchObject({ name: 'RawBodyUnavailableError' })
  })
})

function httpEvent(body: string, headers: Readonly<Record<string, string>> = {}): LambdaHttpEvent {
  return {
    rawPath: '/webhooks/github',
    rawQueryString: '',
    headers: { 'content-type': 'application/json', ...headers },
    requestContext: { http: { method: 'POST', sourceIp: '192.0.2.1' } },
    body,
    isBase64Encoded: false,
  }
}

/** A function that gets `signed` with a good signature, whatever the event says. */
async function signedReceiver(signed: string) {
  const events: string[] = []
  const refusals: IntegrationError[] = []
  const receiver = createReceiver({
    buffer: memoryBuffer(),
    sources: { github: { connector: github, secrets: ['secret'] } },
    destinations: { log: { handle: (event) => void events.push(event.text()) } },
  })
  receiver.on('webhook:refused', ({ error }) => refusals.push(error))
  await receiver.start()
  onTestFinished(() => receiver.stop())
  const signature = `sha256=${createHmac('sha256', 'secret').update(signed).digest('hex')}`
  const handle = lambdaWebhooks(receiver, { source: 'github' })
  const handler = async (event: LambdaHttpEvent) => {
    const result = await handle({ ...event, headers: { ...event.headers, 'x-hub-signature-256': signature } })
    await receiver.drained()
    return result
  }
  return { receiver, handler, events, refusals }
}
