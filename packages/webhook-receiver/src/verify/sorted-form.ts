import type { MessagePart } from '@holdfast/core'
import { utf8ByteString } from './encoding.ts'
import { compareBytes, comparePairs, type FormPair } from './form-pairs.ts'
import type { RequestReader } from './request-reader.ts'
import { queryOf } from './request-url.ts'

type SortedForm = Extract<MessagePart, { part: 'sortedForm' }>

/**
 * The fields of a form as providers sign them. `undefined`: there is a body that is no form; its bytes would be covered by
 * nothing.
 */
export function writeSortedForm(
  reader: RequestReader,
  url: string | undefined,
  { duplicates, pair = {}, lead }: SortedForm,
): string | undefined {
  const { fields } = reader
  if (!fields.isForm) return reader.request.body.length === 0 ? '' : undefined
  const { between = '', after = '' } = pair
  const sorted = sortPairs(fields.pairs(), duplicates)
  if (sorted.length === 0) return ''
  const [first, separator, last] = [leadOf(lead, url), utf8ByteString(between), utf8ByteString(after)]
  return first + sorted.map(([name, value]) => name + separator + value + last).join('')
}

/** Sorted by name, and the values of a name as the provider has them. */
function sortPairs(pairs: readonly FormPair[], duplicates: SortedForm['duplicates']): readonly FormPair[] {
  // Sorting is stable: with equal names `in_order` keeps the order of arrival.
  const sorted = pairs.toSorted(duplicates === 'in_order' ? compareNames : comparePairs)
  if (duplicates !== 'unique_sorted') return sorted
  return sorted.filter(([name, value], index) => {
    const before = sorted[index - 1]
    return before === undefined || before[0] !== name || before[1] !== value
  })
}

function leadOf(lead: SortedForm['lead'], url = ''): string {
  if (lead === undefined) return ''
  return utf8ByteString(queryOf(url) === '' ? lead.afterPath : lead.afterQuery)
}

function compareNames([left]: FormPair, [right]: FormPair): number {
  return compareBytes(left, right)
}
