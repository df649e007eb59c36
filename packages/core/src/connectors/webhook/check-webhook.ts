import { durationMs, nonEmptyString } from '../../options/check.ts'
import { type ChecksOf, checkEach, checkedElsewhere, checkShape, type Shape } from '../check-shape.ts'
import { refusal } from '../check-variant.ts'
import { checkAck, checkRefusal } from './check-answers.ts'
import { checkBatch } from './check-batch.ts'
import { checkEventId, checkOccurredAt } from './check-event-fields.ts'
import { checkHandshakes } from './check-handshake.ts'
import { checkScheme } from './check-scheme.ts'
import { checkSigningOracle } from './check-signing-oracle.ts'
import { checkField } from './check-value-source.ts'
import type { WebhookDelivery, WebhookDescription } from './webhook-description.ts'

const webhookChecks: ChecksOf<WebhookDescription> = {
  verify: checkedElsewhere,
  handshakes: checkedElsewhere,
  batch: checkedElsewhere,
  eventId: checkedElsewhere,
  eventType: checkedElsewhere,
  tenant: checkedElsewhere,
  occurredAt: checkedElsewhere,
  ack: checkedElsewhere,
  refuse: checkedElsewhere,
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
  if (webhook.eventId !== undefined) checkEventId(`${path}.eventId`, webhook.eventId)
  for (const key of ['eventType', 'tenant']) {
    if (webhook[key] !== undefined) checkField(`${path}.${key}`, webhook[key])
  }
  if (webhook.occurredAt !== undefined) checkOccurredAt(`${path}.occurredAt`, webhook.occurredAt)
  if (webhook.batch !== undefined) checkBatch(path, webhook, schemes)
  if (webhook.handshakes !== undefined)
    checkSigningOracle(path, checkHandshakes(`${path}.handshakes`, webhook.handshakes), schemes)
  if (webhook.ack !== undefined) checkAck(`${path}.ack`, webhook.ack)
  if (webhook.refuse !== undefined) checkRefusal(`${path}.refuse`, webhook.refuse)
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
