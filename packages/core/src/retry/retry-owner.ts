import type { RetryOwner } from '../events/core-event-map.ts'

/** Says who above us repeats the request by itself, from what such clients write into its headers. */
export function ownerAbove(
  header: (name: string) => string | undefined,
  attemptHeader: string | undefined,
): RetryOwner | undefined {
  if (atLeast(header('x-stainless-retry-count'), 1)) return 'stainless'
  // It tells how often it would send the request, so it is known to repeat it before it does.
  if (atLeast(/\bmax=(\d+)/.exec(header('amz-sdk-request') ?? '')?.[1], 2)) return 'aws-sdk'
  if (atLeast(header('x-envoy-attempt-count'), 2)) return 'envoy'
  if (atLeast(header('grpc-previous-rpc-attempts'), 1)) return 'grpc'
  return attemptHeader !== undefined && atLeast(header(attemptHeader), 2) ? 'holdfast' : undefined
}

function atLeast(count: string | undefined, least: number): boolean {
  return count !== undefined && /^\d{1,9}$/.test(count) && Number(count) >= least
}
