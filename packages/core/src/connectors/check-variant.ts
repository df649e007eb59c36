import { InvalidOptionsError } from '../errors/invalid-options-error.ts'
import { type Check, oneOf } from '../options/check.ts'
import { checkedElsewhere, checkShape, type Shape } from './check-shape.ts'

/** The members of one variant of a union, beside its tag. */
export interface VariantChecks {
  readonly required?: Readonly<Record<string, Check>>
  readonly optional?: Readonly<Record<string, Check>>
}

/**
 * Checks a member of a union that `tag` tells apart.
 *
 * @throws InvalidOptionsError for the first thing that is wrong, with its path.
 */
export function checkVariant(
  path: string,
  value: unknown,
  tag: string,
  variants: Readonly<Record<string, VariantChecks>>,
): Shape {
  const { required = {}, optional = {} } = variants[kindOf(path, value, tag, Object.keys(variants))] ?? {}
  return checkShape(path, value, { [tag]: checkedElsewhere, ...required, ...optional }, Object.keys(required))
}

/**
 * The value of `tag`, which must be one of `kinds`.
 *
 * @throws InvalidOptionsError when it is not, or `value` is no object.
 */
export function kindOf(path: string, value: unknown, tag: string, kinds: readonly string[]): string {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new InvalidOptionsError({ path, expected: 'an object', received: value })
  const kind = (value as Shape)[tag]
  const expected = oneOf(...kinds)(kind)
  if (expected !== undefined) throw new InvalidOptionsError({ path: `${path}.${tag}`, expected, received: kind })
  return kind as string
}

/** The error for a thing whose members are well-formed but do not go together. */
export function refusal(path: string, expected: string, receivedText: string): InvalidOptionsError {
  return new InvalidOptionsError({ path, expected, received: undefined, receivedText })
}
