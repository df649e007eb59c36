import { durationMs, integer, nonEmptyString } from '../../options/check.ts'
import { type ChecksOf, checkEach, checkedElsewhere, checkShape, type Shape } from '../check-shape.ts'
import { refusal } from '../check-variant.ts'
import { checkScheme } from './check-scheme.ts'
import { checkField } from './check-value-source.ts'
import type { WebhookDelivery, WebhookDescription } from './webhook-description.ts'

const webhookChecks: ChecksOf<WebhookDescription> = {
  verify: checkedElsewhere,
  eventId: checkedElsewhere,
  eventType: checkedElsewhere,
  tenant: checkedElsewhere,
  ack: checkedElsewhere,
  delivery: checkedElsewhere,
}

const deliveryChecks: ChecksOf<WebhookDelivery> = {
  timeoutMs: durationMs(),
  retries: nonEmptyString,
  disables: nonEmptyString,
  redelivery: nonEmptyString,
}

/** Checks how a connector describes its webhooks. */
export function checkWebhook(path: string, value: unknown): void {
  const webhook = checkShape(path, value, webhookChecks)
  const schemes = checkEach(`${path}.verify`, webhook.verify, checkScheme, true) as readonly Shape[]
  checkReachable(`${path}.verify`, schemes)
  checkIdPart(`${path}.verify`, schemes, webhook.eventId !== undefined)
  for (const key of ['eventId', 'eventType', 'tenant']) {
    if (webhook[key] !== undefined) checkField(`${path}.${key}`, webhook[key])
  }
  if (webhook.ack !== undefined)
    checkShape(`${path}.ack`, webhook.ack, { status: integer({ min: 200, max: 299 }) }, ['status'])
  if (webhook.delivery !== undefined) checkShape(`${path}.delivery`, webhook.delivery, deliveryChecks)
}

/** No scheme may stand behind one that takes the same secrets and all that selects it: it would never be used. */
function checkReachable(path: string, schemes: readonly Shape[]): void {
  schemes.forEach((scheme, index) => {
    const before = schemes.findIndex(
      (earlier) =>
        secretsOf(earlier) === secretsOf(scheme) &&
        (earlier.select === undefined || JSON.stringify(earlier.select) === JSON.stringify(scheme.select)),
    )
    if (before < index)
      throw refusal(
        `${path}[${index}]`,
        `a scheme that can be reached (\`${path}[${before}]\` applies first)`,
        'an unreachable scheme',
      )
  })
}

/** What tells the secrets of a scheme from those of others. */
function secretsOf({ scheme, secret, key }: Shape): string {
  return JSON.stringify([scheme, secret, key])
}

function checkIdPart(path: string, schemes: readonly Shape[], hasEventId: boolean): void {
  schemes.forEach((scheme, index) => {
    const message = (scheme.message ?? []) as readonly Shape[]
    if (!hasEventId && scheme.eventId === undefined && message.some(({ part }) => part === 'id'))
      throw refusal(
        `${path}[${index}].eventId`,
        'present, because `message` has a part `id`, or one for the whole webhook',
        '`undefined`',
      )
  })
}
