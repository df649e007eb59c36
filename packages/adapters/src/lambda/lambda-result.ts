import type { WebhookReply } from '@holdfast/webhook-receiver'
import type { LambdaHttpEvent } from './lambda-event.ts'

/** The answer in the shape that the event's sender reads. */
export interface LambdaHttpResult {
  readonly statusCode: number
  readonly body: string
  readonly isBase64Encoded: false
  readonly headers?: Record<string, string>
  /** In place of `headers`, for a load balancer with multi-value headers, which reads no others. */
  readonly multiValueHeaders?: Record<string, string[]>
}

/** Gives an answer the shape that belongs to the event. */
export function resultFor(event: LambdaHttpEvent, { status, headers, body }: WebhookReply): LambdaHttpResult {
  const result = { statusCode: status, body, isBase64Encoded: false } as const
  const isMultiValue = event.requestContext?.elb !== undefined && event.multiValueHeaders
  if (!isMultiValue) return { ...result, headers: { ...headers } }
  const values = Object.entries(headers).map(([name, value]) => [name, [value]])
  return { ...result, multiValueHeaders: Object.fromEntries(values) }
}
