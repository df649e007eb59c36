import { boolean, oneOf } from '../../options/check.ts'
import { type ChecksOf, checkEach, checkedElsewhere, type Shape } from '../check-shape.ts'
import { checkSource, valueSourceChecks } from './check-value-source.ts'
import type { TimeFormat } from './signature-source.ts'
import type { WebhookId } from './value-source.ts'
import type { WebhookTime } from './webhook-description.ts'

const idChecks: ChecksOf<WebhookId> = { ...valueSourceChecks, signed: boolean, with: checkedElsewhere }

const formats: readonly TimeFormat[] = ['epoch_s', 'epoch_ms', 'epoch', 'rfc3339']

const timeChecks: ChecksOf<WebhookTime> = { ...valueSourceChecks, signed: boolean, format: oneOf(...formats) }

/** Checks where the id of an event is. */
export function checkEventId(path: string, value: unknown): Shape {
  const id = checkSource(path, value, idChecks, ['signed'])
  if (id.with !== undefined) checkEach(`${path}.with`, id.with, (at, source) => void checkSource(at, source), true)
  return id
}

/** Checks when an event happened. */
export function checkOccurredAt(path: string, value: unknown): void {
  checkSource(path, value, timeChecks, ['signed', 'format'])
}
