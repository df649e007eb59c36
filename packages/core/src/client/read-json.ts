import { classifyResponse } from '../errors/classify-response.ts'
import type { ClientCall } from './client-call.ts'

/** Statuses that have no body (RFC 9110 sections 15.3.5, 15.3.6 and 15.4.5). */
const BODILESS: readonly number[] = [204, 205, 304]

/**
 * The JSON value of an answer that was a success by its status; `undefined` where there is no body by definition.
 *
 * @throws IntegrationError `schema_mismatch` for what is no JSON (`html`, `not_json`, `empty_body`), and whatever a rule of
 * the connector says of the value: some providers answer 200 to what failed.
 */
export function readJson(text: string, response: Response, call: ClientCall): unknown {
  const { status, headers } = response
  if (text === '' && (call.method === 'HEAD' || BODILESS.includes(status))) return undefined
  const body = parse(text, call)
  const failure =
    call.connector?.errors === undefined
      ? undefined
      : classifyResponse({ status, headers, body, now: call.clock.now() }, call.connector)
  // That a 207 is allowed was decided before its body was read.
  if (failure === undefined || (failure.code === 'partial_failure' && status === 207)) return body
  throw call.error(failure)
}

function parse(text: string, call: ClientCall): unknown {
  try {
    return JSON.parse(text)
  } catch {
    // The engine's own error quotes the body, so that it is not kept, not even as a cause.
    if (text.trim() === '') throw call.mismatch('empty_body', 'the body is empty')
    if (text.trimStart().startsWith('<')) throw call.mismatch('html', 'the body is a page or XML, not JSON')
    throw call.mismatch('not_json', 'the body is not JSON')
  }
}
