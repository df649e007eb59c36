import type { MessagePart, RequestCondition, SchemeSelect, ValueSource } from '@holdfast/core'
import { compileCondition } from '../verify/request-condition.ts'
import type { DraftRequest } from './draft-request.ts'
import { cannotSign } from './signing-error.ts'
import type { SigningContext } from './signing-context.ts'

/** Makes up what a message is put together from and the request does not have. */
export function fillMessage(
  draft: DraftRequest,
  message: readonly MessagePart[],
  { eventId, random }: SigningContext,
  timeHeader: string | undefined,
  base: string,
): void {
  for (const part of message) {
    // A provider leaves out fields that an event has not; its headers and parameters are always there.
    if (part.optional && part.part === 'field') continue
    if (part.part === 'headerList') {
      fillSource(draft, { from: 'header', name: part.listedIn }, listOf(part, timeHeader), base)
      continue
    }
    const source = sourceOf(part, eventId)
    if (source !== undefined) fillSource(draft, source, random.uuid(), base)
  }
}

/** Writes a text where a source says and nothing is. */
export function fillSource(draft: DraftRequest, source: ValueSource, text: string, base: string): void {
  const reader = draft.read(base)
  const isThere =
    source.from === 'body' && !draft.body.isForm
      ? (reader.value(source.pointer ?? '') ?? undefined) !== undefined
      : reader.values(source).length > 0
  if (!isThere) draft.write(source, text, base)
}

function sourceOf(part: MessagePart, eventId: ValueSource | undefined): ValueSource | undefined {
  if (part.part === 'id') return eventId
  if (part.part === 'header' || part.part === 'query') return { from: part.part, name: part.name }
  return part.part === 'field' && part.absentAs === undefined ? { from: 'body', pointer: part.pointer } : undefined
}

/** The list of the signed headers: itself, and that with the time. */
function listOf(
  { listedIn, separator }: Extract<MessagePart, { part: 'headerList' }>,
  timeHeader: string | undefined,
): string {
  return [listedIn, ...(timeHeader === undefined ? [] : [timeHeader])].join(separator)
}

/**
 * Makes hold what selects a scheme, but for what signing itself puts there.
 *
 * @throws InvalidOptionsError where the request has what it must not have.
 */
export function fulfilSelect(
  draft: DraftRequest,
  select: SchemeSelect | undefined,
  { random }: SigningContext,
  isPlacedLater: (source: ValueSource) => boolean,
): void {
  for (const condition of conditionsOf(select)) {
    if (isPlacedLater(condition) || compileCondition(condition)(draft.read())) continue
    const { from, name, pointer, equals, matches, absent } = condition
    if (absent === true)
      throw cannotSign(from === 'header' ? 'headers' : from, `without \`${name ?? pointer ?? ''}\``, 'one with it')
    draft.write(condition, equals ?? matches ?? random.uuid())
  }
}

function conditionsOf(select: SchemeSelect | undefined): readonly RequestCondition[] {
  if (select === undefined) return []
  return typeof select === 'string' ? [{ from: 'header', name: select }] : select
}
