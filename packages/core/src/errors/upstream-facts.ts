import { readPointer } from '../connectors/json-pointer.ts'
import type { UpstreamFacts } from './integration-error.ts'
import { limitProblemOf } from '../limit-reading/limit-problem.ts'
import { redactText } from './redact.ts'

const MAX_MESSAGE_LENGTH = 500

const REQUEST_ID_HEADERS = [
  'x-request-id',
  'request-id',
  'x-amzn-requestid',
  'x-amz-request-id',
  'x-ms-request-id',
  'x-correlation-id',
  'x-trace-id',
  'cf-ray',
]

// The usual places, most specific first: JSON:API, RFC 9457, OAuth, and the envelopes of large providers.
const CODE_POINTERS = [
  '/error/code',
  '/error/type',
  '/code',
  '/errorCode',
  '/error_code',
  '/error',
  '/errors/0/code',
  '/errors/0/extensions/code',
  '/0/errorCode',
]
const MESSAGE_POINTERS = [
  '/error/message',
  '/message',
  '/error_description',
  '/detail',
  '/errors/0/message',
  '/errors/0/detail',
  '/0/message',
  '/title',
]

/** Takes from an answer what helps to find the failure again at the provider, redacted. */
export function readUpstreamFacts(
  status: number,
  headers: Headers,
  body: unknown,
  requestIdHeader: string | undefined,
): UpstreamFacts {
  const requestId = readRequestId(headers, requestIdHeader)
  const code = readCode(body)
  const message = readMessage(body)
  const { violatedPolicies = [] } = limitProblemOf(body) ?? {}
  return {
    status,
    ...(code === undefined ? {} : { code }),
    ...(message === undefined ? {} : { message }),
    ...(requestId === undefined ? {} : { requestId }),
    ...(violatedPolicies.length === 0 ? {} : { violatedPolicies }),
  }
}

function readRequestId(headers: Headers, header: string | undefined): string | undefined {
  for (const name of header === undefined ? REQUEST_ID_HEADERS : [header, ...REQUEST_ID_HEADERS]) {
    const value = headers.get(name)
    if (value !== null && /^[\w.:=+/-]{1,128}$/.test(value)) return value
  }
  return undefined
}

function readCode(body: unknown): string | undefined {
  for (const pointer of CODE_POINTERS) {
    const value = readPointer(body, pointer)
    if (typeof value === 'number') return String(value)
    // What is long or has spaces is no code, and what redaction would touch may be a secret.
    if (typeof value === 'string' && /^[\w.:-]{1,64}$/.test(value) && redactText(value) === value) return value
  }
  return undefined
}

function readMessage(body: unknown): string | undefined {
  for (const pointer of MESSAGE_POINTERS) {
    const value = readPointer(body, pointer)
    // Cut before redacting, so that a megabyte costs nothing, and after, because marks may lengthen.
    if (typeof value === 'string' && value !== '')
      return redactText(value.slice(0, 4 * MAX_MESSAGE_LENGTH)).slice(0, MAX_MESSAGE_LENGTH)
  }
  return undefined
}
