import type { Clock } from '@holdfast/core'
import type { MaybePromise } from './maybe-promise.ts'
import { headerValues } from './request-headers.ts'
import type { RequestReader } from './request-reader.ts'
import { type Probe, type ProbedScheme, schemeProbes } from './scheme-probes.ts'
import type { VerificationHint } from './verification-hint.ts'
import type { NotVerified, VerifyResult } from './verify-result.ts'

/** Looks for what went wrong with a request that failed verification. */
export type HintFinder = (
  failure: NotVerified,
  reader: RequestReader,
  scheme: ProbedScheme,
) => MaybePromise<VerificationHint | undefined>

// Each probe hashes the body again, so that a flood of forgeries is answered without.
const MAX_BODY_BYTES = 65_536
const MAX_SEARCHES_PER_SECOND = 5

/** Prepares the search for hints. It is bounded in the size of the bodies and in how often it is done. */
export function hintFinder(clock: Clock): HintFinder {
  let searches = MAX_SEARCHES_PER_SECOND
  let lastMs = clock.monotonicMs()

  const maySearch = (): boolean => {
    const nowMs = clock.monotonicMs()
    searches = Math.min(MAX_SEARCHES_PER_SECOND, searches + ((nowMs - lastMs) * MAX_SEARCHES_PER_SECOND) / 1000)
    lastMs = nowMs
    if (searches < 1) return false
    searches--
    return true
  }

  return (failure, reader, scheme) => {
    if (!isProbed(failure)) return undefined
    const { body } = reader.request
    if (body.length === 0 && saysItHasBody(reader)) return 'body_empty'
    if (body.length > MAX_BODY_BYTES || !maySearch()) return undefined
    return firstThatPasses(schemeProbes(failure, reader, scheme), failure)
  }
}

function isProbed({ reason, code }: NotVerified): boolean {
  return reason === 'mismatch' || reason === 'body_mismatch' || code === 'timestamp_stale'
}

function saysItHasBody({ headers }: RequestReader): boolean {
  const [length = '0'] = headerValues(headers, 'content-length')
  return length !== '0' || headerValues(headers, 'transfer-encoding').length > 0
}

function firstThatPasses(probes: Iterator<Probe>, failure: NotVerified): MaybePromise<VerificationHint | undefined> {
  for (let next = probes.next(); next.done !== true; next = probes.next()) {
    const { hint, verify } = next.value
    const result = verify()
    if (result instanceof Promise) {
      return result.then((later) => (passes(later, failure) ? hint : firstThatPasses(probes, failure)))
    }
    if (passes(result, failure)) return hint
  }
  return undefined
}

/** Where the signature did not fit, one that fits and is stale explains enough. */
function passes(result: VerifyResult, { code }: NotVerified): boolean {
  return result.ok || (code === 'signature_invalid' && result.code === 'timestamp_stale')
}
