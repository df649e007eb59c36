import { checkOptions } from '@holdfast/core'
import { fakeClock } from '@holdfast/core/testing'
import { describe, expect, it } from 'vitest'
import {
  defaultServerBufferOptions,
  resolveServerBufferOptions,
  serverBufferChecks,
} from '../../src/buffer-kit/server-buffer-options.ts'

const MIB = 1024 * 1024

describe('resolveServerBufferOptions', () => {
  it('fills in the defaults, and keeps what is given', () => {
    expect(resolveServerBufferOptions({})).toMatchObject({
      ...defaultServerBufferOptions,
      maxQueuedBytes: 32 * MIB + 65_536,
      durability: undefined,
    })
    const given = {
      partitions: 2,
      durability: 'replicated',
      maxEventBytes: 1,
      maxQueuedBytes: 2,
      maxBatchBytes: 4096,
      timeoutMs: 3,
      dedupeWindowMs: 0,
      clock: fakeClock(),
    } as const
    expect(resolveServerBufferOptions(given)).toEqual(given)
  })

  it('lets 8 MiB wait, or one event where that is more', () => {
    expect(resolveServerBufferOptions({ maxEventBytes: MIB }).maxQueuedBytes).toBe(8 * MIB)
    expect(resolveServerBufferOptions({ maxEventBytes: 16 * MIB }).maxQueuedBytes).toBe(16 * MIB + 65_536)
  })
})

describe('serverBufferChecks', () => {
  it.each([
    { partitions: 0 },
    { partitions: 1025 },
    { durability: 'disk' },
    { maxEventBytes: 256 * MIB + 1 },
    { maxQueuedBytes: 0 },
    { maxBatchBytes: 4095 },
    { timeoutMs: 0 },
    { dedupeWindowMs: -1 },
    { clock: 'system' },
  ])('refuses %o', (options) => {
    expect(() => checkOptions('', options, serverBufferChecks)).toThrow(
      expect.objectContaining({ path: Object.keys(options)[0] }),
    )
  })
})
