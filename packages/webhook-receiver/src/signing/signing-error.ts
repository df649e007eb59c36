import { InvalidOptionsError } from '@holdfast/core'
import type { VerifyFailureReason } from '../verify/verify-result.ts'

/** The error for a request that a scheme cannot sign as it is. The values are not shown: they may hold anything. */
export function cannotSign(path: string, expected: string, receivedText: string, hint?: string): InvalidOptionsError {
  return new InvalidOptionsError({
    path,
    expected,
    received: undefined,
    receivedText,
    ...(hint !== undefined && { hint }),
  })
}

/** The error for a message that cannot be put together. */
export function unsignable(reason: VerifyFailureReason): InvalidOptionsError {
  const { path, expected, received } = reasons[reason] ?? incompleteHeaders
  return cannotSign(path, expected, received)
}

interface Unsignable {
  readonly path: string
  readonly expected: string
  readonly received: string
}

const incompleteHeaders: Unsignable = {
  path: 'headers',
  expected: 'complete where the scheme signs them',
  received: 'some without one of them',
}

const reasons: Readonly<Partial<Record<VerifyFailureReason, Unsignable>>> = Object.freeze({
  missing_url: { path: 'url', expected: 'absolute, for the scheme signs it', received: 'a part of one' },
  unsigned_body: {
    path: 'body',
    expected: 'a form, for the scheme signs its fields',
    received: 'something else',
  },
  missing_field: {
    path: 'body',
    expected: 'one with a text or a number in each field that the scheme signs',
    received: 'another',
  },
  duplicate_header: {
    path: 'headers',
    expected: 'unambiguous where the scheme signs one',
    received: 'one several times',
  },
  duplicate_field: {
    path: 'body',
    expected: 'unambiguous where the scheme signs a field or a parameter',
    received: 'one several times',
  },
})
