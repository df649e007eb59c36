import { arrayOf, integer, nonEmptyString, oneOf } from '../../options/check.ts'
import { type ChecksOf, checkShape, lowerCaseHeaderName, text } from '../check-shape.ts'
import { refusal } from '../check-variant.ts'
import type { WebhookAck, WebhookRefusal } from './webhook-description.ts'

const ackChecks: ChecksOf<WebhookAck> = {
  status: integer({ min: 200, max: 299 }),
  contentType: nonEmptyString,
  body: text,
  echo: arrayOf(lowerCaseHeaderName),
}

const refusalChecks: ChecksOf<WebhookRefusal> = { status: integer({ min: 400, max: 499 }), body: oneOf('') }

/** Checks the answer to an accepted event. */
export function checkAck(path: string, value: unknown): void {
  const ack = checkShape(path, value, ackChecks, ['status'])
  if ((ack.status === 204 || ack.status === 205) && ack.body !== undefined)
    throw refusal(`${path}.body`, `absent, for a ${ack.status} has no content`, 'a value')
  if (ack.contentType !== undefined && ack.body === undefined)
    throw refusal(`${path}.contentType`, 'absent without `body`', 'a value')
}

/** Checks the answer to a request that is not authentic. */
export function checkRefusal(path: string, value: unknown): void {
  checkShape(path, value, refusalChecks, ['status'])
}
