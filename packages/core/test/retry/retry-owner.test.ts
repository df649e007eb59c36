import { describe, expect, it } from 'vitest'
import { ownerAbove } from '../../src/retry/retry-owner.ts'

const ownerOf = (headers: Record<string, string>): string | undefined => {
  const read = new Headers(headers)
  return ownerAbove((name) => read.get(name) ?? undefined, 'x-retry-attempt')
}

describe('ownerAbove', () => {
  it.each([
    [{ 'x-stainless-retry-count': '1' }, 'stainless'],
    [{ 'amz-sdk-request': 'attempt=1; max=3' }, 'aws-sdk'],
    [{ 'amz-sdk-request': 'ttl=20260101T000000Z; attempt=2; max=3' }, 'aws-sdk'],
    [{ 'x-envoy-attempt-count': '2' }, 'envoy'],
    [{ 'grpc-previous-rpc-attempts': '1' }, 'grpc'],
    [{ 'x-retry-attempt': '2' }, 'holdfast'],
  ])('knows who sends %j', (headers, owner) => {
    expect(ownerOf(headers as unknown as Record<string, string>)).toBe(owner)
  })

  it.each([
    {},
    { 'x-stainless-retry-count': '0' },
    { 'amz-sdk-request': 'attempt=1; max=1' },
    { 'x-envoy-attempt-count': '1' },
    { 'grpc-previous-rpc-attempts': '0' },
    // stripe-node makes such a key also where it is not going to repeat.
    { 'idempotency-key': 'stripe-node-retry-0b1c' },
    { 'x-retry-attempt': '1' },
    { 'x-stainless-retry-count': 'many', 'x-envoy-attempt-count': '2.5', 'x-retry-attempt': '-3' },
  ])('finds nobody behind %j', (headers) => {
    expect(ownerOf(headers as unknown as Record<string, string>)).toBeUndefined()
  })
})
