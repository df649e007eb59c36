import type { SignatureSource } from '@holdfast/core'

/** Where the first of several signatures stands. */
export function firstPlace({ from, name, pointer, numbered }: SignatureSource): Omit<SignatureSource, 'format'> {
  return {
    from,
    ...(name !== undefined && { name: numbered === undefined ? name : name.replace('{n}', '1') }),
    ...(pointer !== undefined && { pointer }),
  }
}
