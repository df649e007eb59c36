import type { ValueSource, VerificationScheme, WebhookDescription, WebhookField } from '@holdfast/core'
import { deliveryItems } from '../batch/delivery-items.ts'
import { RequestReader } from '../verify/request-reader.ts'
import type { VerifiableRequest } from '../verify/verifiable-request.ts'
import type { BoundPart, Verified } from '../verify/verify-result.ts'
import type { Report } from './finding.ts'

/** A vector that verified, and what that proves. */
export interface VerifiedVector {
  readonly scheme: VerificationScheme
  readonly request: VerifiableRequest
  readonly result: Verified
}

interface Place {
  readonly path: string
  readonly field: WebhookField
  /** Of the schemes under which the field is looked at. */
  readonly vectors: readonly VerifiedVector[]
}

/**
 * Compares what is said of the fields with the vectors: that they are there at all, and that they are signed where that is
 * said. Under a token nothing is; a field that is signed under one of two schemes is no mistake.
 */
export function lintFields(webhook: WebhookDescription, verified: readonly VerifiedVector[], report: Report): void {
  if (verified.length === 0) return
  for (const { path, field, vectors } of placesOf(webhook, verified)) {
    const signatures = vectors.filter(({ result }) => result.strength === 'signature' || result.strength === 'partial')
    const covered = signatures.filter((vector) => covers(vector, field))
    if (field.signed && covered.length < signatures.length)
      report({
        severity: 'error',
        code: 'wrong_signed',
        path: `${path}.signed`,
        message: 'The signature does not cover it: whoever resends a request can choose it.',
      })
    if (!field.signed && signatures.length > 0 && covered.length === signatures.length)
      report({
        severity: 'warning',
        code: 'wrong_signed',
        path: `${path}.signed`,
        message: 'The signature covers it, so that it could be said to be signed.',
      })
    if (!vectors.some((vector) => readersOf(webhook, vector).some((reader) => reader.text(field) !== undefined)))
      report({
        severity: 'warning',
        code: 'unseen_field',
        path,
        message: 'No vector has it, so that nothing shows its place.',
      })
  }
}

function placesOf(webhook: WebhookDescription, verified: readonly VerifiedVector[]): readonly Place[] {
  const places: Place[] = []
  const add = (path: string, field: WebhookField | undefined, vectors: readonly VerifiedVector[]): void => {
    if (field !== undefined && vectors.length > 0) places.push({ path, field, vectors })
  }
  add(
    'webhook.eventId',
    webhook.eventId,
    verified.filter(({ scheme }) => scheme.eventId === undefined),
  )
  webhook.verify.forEach((scheme, index) =>
    add(
      `webhook.verify[${index}].eventId`,
      scheme.eventId,
      verified.filter((vector) => vector.scheme === scheme),
    ),
  )
  add('webhook.eventType', webhook.eventType, verified)
  add('webhook.occurredAt', webhook.occurredAt, verified)
  add('webhook.tenant', webhook.tenant, verified)
  return places
}

function covers({ scheme, result: { bound, eventId } }: VerifiedVector, field: WebhookField): boolean {
  if (bound.includes('id') && eventId !== undefined && isSamePlace(eventId, field)) return true
  if (bound.includes('timestamp') && isWholeTimestamp(scheme, field)) return true
  const { from, name, pointer = '' } = field
  switch (from) {
    case 'header':
      return bound.includes(`header:${name}`)
    case 'query':
      return bound.includes('url') || bound.includes(`query:${name}`)
    case 'body':
      return bound.includes('body') || bound.some((part) => isFieldAround(part, pointer))
    case 'claim':
      return true
  }
}

/** The time of signing is covered as it came; where it is but a piece of its value, the rest is not. */
function isWholeTimestamp(scheme: VerificationScheme, field: WebhookField): boolean {
  const timestamp = 'timestamp' in scheme ? scheme.timestamp : undefined
  return (
    timestamp !== undefined &&
    timestamp.key === undefined &&
    timestamp.index === undefined &&
    isSamePlace(timestamp, field)
  )
}

function isSamePlace(one: ValueSource, other: ValueSource): boolean {
  return one.from === other.from && one.name === other.name && one.pointer === other.pointer
}

function isFieldAround(part: BoundPart, pointer: string): boolean {
  if (!part.startsWith('field:')) return false
  const covered = part.slice('field:'.length)
  return pointer === covered || pointer.startsWith(`${covered}/`)
}

/** Where fields are looked for: in the items of a batch, else in the request. */
function readersOf({ batch }: WebhookDescription, { request }: VerifiedVector): readonly RequestReader[] {
  const reader = new RequestReader(request)
  return (batch === undefined ? undefined : deliveryItems(reader, batch)) ?? [reader]
}
