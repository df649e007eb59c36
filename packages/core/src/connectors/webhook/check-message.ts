import { arrayOf, nonEmptyString, oneOf } from '../../options/check.ts'
import {
  checkEach,
  checkedElsewhere,
  checkShape,
  jsonPointer,
  lowerCaseHeaderName,
  type Shape,
  text,
} from '../check-shape.ts'
import { checkVariant, type VariantChecks } from '../check-variant.ts'
import type { MessagePart, UrlVariant } from './message-part.ts'

const affixes = { before: text, after: text, optional: oneOf(true) }

const urlVariants: Readonly<Record<UrlVariant, true>> = {
  with_default_port: true,
  without_port: true,
  without_credentials: true,
  normalized: true,
  legacy_query: true,
  percent_decoded: true,
  encode_uri: true,
}

const partChecks: Readonly<Record<MessagePart['part'], VariantChecks>> = {
  literal: { required: { value: text } },
  body: { optional: affixes },
  bodyHash: {
    required: {
      hash: oneOf('sha1', 'sha256', 'sha512', 'crc32'),
      encoding: oneOf('hex', 'base64', 'decimal'),
    },
    optional: affixes,
  },
  timestamp: { optional: affixes },
  id: { optional: affixes },
  method: { optional: affixes },
  url: {
    optional: {
      form: oneOf('full', 'pathAndQuery', 'path'),
      variants: arrayOf(oneOf(...Object.keys(urlVariants))),
      sortQuery: oneOf(true),
      ...affixes,
    },
  },
  header: { required: { name: lowerCaseHeaderName }, optional: affixes },
  headerList: {
    required: { listedIn: lowerCaseHeaderName, separator: nonEmptyString, pair: text, join: text },
    optional: { sorted: oneOf(true), ...affixes },
  },
  query: { required: { name: nonEmptyString }, optional: { lowerCase: oneOf(true), ...affixes } },
  field: { required: { pointer: jsonPointer }, optional: { absentAs: text, ...affixes } },
  sortedForm: {
    required: { duplicates: oneOf('unique_sorted', 'sorted', 'in_order') },
    optional: { pair: checkedElsewhere, lead: checkedElsewhere, ...affixes },
  },
  secret: { optional: affixes },
}

/** Checks the pieces of a signed message, at least one. */
export function checkMessage(path: string, value: unknown): readonly Shape[] {
  return checkEach(path, value, checkPart, true) as readonly Shape[]
}

function checkPart(path: string, value: unknown): void {
  const part = checkVariant(path, value, 'part', partChecks)
  if (part.pair !== undefined && part.part === 'sortedForm')
    checkShape(`${path}.pair`, part.pair, { between: text, after: text })
  if (part.lead !== undefined)
    checkShape(`${path}.lead`, part.lead, { afterQuery: text, afterPath: text }, ['afterQuery', 'afterPath'])
}
