import { checkOptions, IntegrationError, nonEmptyString } from '@holdfast/core'
import { sourceName } from '../node-http/source-name.ts'
import { type LateReceiver, lateReceiver } from '../web/late-receiver.ts'
import { sourcePath } from '../web/source-path.ts'
import { refuseUnreadable } from '../web/web-request.ts'
import { bodyOf } from './lambda-body.ts'
import { type LambdaHttpEvent, requestOf } from './lambda-event.ts'
import { type LambdaHttpResult, resultFor } from './lambda-result.ts'

export interface LambdaWebhooksOptions {
  /**
   * Name of the source, or a path that begins with `/` and has the segment `:source`, such as `/webhooks/:source`, for
   * function URLs and load balancers, which have no path parameters. Default: the path parameter `{source}`.
   */
  readonly source?: string
}

/** A Lambda function for HTTP events. */
export type LambdaWebhooksHandler = (event: LambdaHttpEvent) => Promise<LambdaHttpResult>

/**
 * A Lambda function that hands requests to the receiver: `export const handler = lambdaWebhooks(receiver)`. It answers each
 * request in the shape of its event. A body of which the gateway lost bytes is answered 500 and reported as `webhook:refused`
 * with a `RawBodyUnavailableError` that names the setting. The function throws an IntegrationError `configuration_error` for an
 * event that is no HTTP request, and where no source can be known.
 *
 * @throws InvalidOptionsError when the receiver or an option is wrong, or `source` is a path without the segment `:source`.
 */
export function lambdaWebhooks(receiver: LateReceiver, options: LambdaWebhooksOptions = {}): LambdaWebhooksHandler {
  const intake = lateReceiver(receiver)
  checkOptions('', options, { source: nonEmptyString })
  const sourceOf = sourceFinder(options.source)
  return async (event) => {
    const request = requestOf(event)
    if (request === undefined) throw unknownEvent()
    const source = sourceName('lambdaWebhooks', sourceOf(request.url), event.pathParameters?.['source'])
    const body = bodyOf(event, request.headers)
    if (body.state === 'lost') return resultFor(event, await refuseUnreadable(intake, source, request, body.error))
    const reply = await intake.accept(source, { ...request, body: body.bytes })
    // That it does not verify is the likely consequence, and not what has to be mended.
    const isMangled = body.state === 'doubtful' && reply.status === 401
    return resultFor(event, isMangled ? await refuseUnreadable(intake, source, request, body.error) : reply)
  }
}

/** Finds the source where it is no path parameter. */
function sourceFinder(source: string | undefined): (url: string) => string | undefined {
  if (!source?.startsWith('/')) return () => source
  const fromPath = sourcePath(source)
  return (url) => fromPath(url.split('?', 1)[0] ?? '')
}

function unknownEvent(): IntegrationError {
  return new IntegrationError({
    code: 'configuration_error',
    reason: 'unsupported_event',
    message:
      'The event is no HTTP request of an API Gateway, a function URL or a load balancer. `lambdaWebhooks` takes no others.',
  })
}
