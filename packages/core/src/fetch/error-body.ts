import type { Connector } from '../connectors/connector.ts'
import { readBoundedText } from './bounded-text.ts'

/**
 * The parsed JSON body of a failed answer, where a rule of the connector needs it to tell what the status does not say.
 * It is read from a clone, so that the answer itself stays as it came; `undefined` when no rule asks for it, when it is no
 * JSON, or when it is larger than 64 KiB.
 */
export async function readErrorBody(response: Response, connector: Connector | undefined): Promise<unknown> {
  if (!isBodyNeeded(response, connector) || response.body === null) return undefined
  const { body } = response.clone()
  const text = body === null ? undefined : await readBoundedText(body)
  try {
    return text === undefined ? undefined : JSON.parse(text)
  } catch {
    return undefined
  }
}

/** Only failures are looked into: the body of a success may be a stream that never ends. */
function isBodyNeeded({ status, headers }: Response, connector: Connector | undefined): boolean {
  if (status < 400 || connector?.errors === undefined) return false
  const { errors } = connector
  const asks = errors.some(({ when }) => when.pointer !== undefined && coversStatus(when.status, status))
  return asks && /[/+]json/i.test(headers.get('content-type') ?? '')
}

function coversStatus(expected: number | readonly number[] | undefined, status: number): boolean {
  if (expected === undefined) return true
  return typeof expected === 'number' ? expected === status : expected.includes(status)
}
