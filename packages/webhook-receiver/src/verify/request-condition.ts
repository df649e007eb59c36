import type { RequestCondition, SchemeSelect } from '@holdfast/core'
import { utf8ByteString } from './encoding.ts'
import type { RequestReader } from './request-reader.ts'

/** Says of a request whether something holds. */
export type RequestPredicate = (reader: RequestReader) => boolean

/** Prepares what selects a scheme. */
export function compileSelect(select: SchemeSelect | undefined): RequestPredicate {
  if (select === undefined) return () => true
  if (typeof select === 'string') return compileCondition({ from: 'header', name: select })
  const conditions = select.map(compileCondition)
  return (reader) => conditions.every((holds) => holds(reader))
}

/** Prepares a condition on one value. Of a value that came several times each must fulfil it. */
export function compileCondition(condition: RequestCondition): RequestPredicate {
  if (condition.absent === true) return (reader) => reader.values(condition).length === 0
  const equals = condition.equals === undefined ? undefined : utf8ByteString(condition.equals)
  const matches = utf8ByteString(condition.matches ?? '')
  const fits = (value: string): boolean => (equals === undefined || value === equals) && value.includes(matches)
  return (reader) => {
    const values = reader.values(condition)
    return values.length > 0 && values.every(fits)
  }
}
