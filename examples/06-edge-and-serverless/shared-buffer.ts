import type { EventBuffer } from '@holdfast/webhook-receiver'
import { memoryBuffer } from '@holdfast/webhook-receiver/testing'

/**
 * Stands for a buffer that all instances share, `postgresBuffer` or `redisBuffer` of `@holdfast/adapters`. In memory it is fit for a test and nothing
 * else: what an instance has accepted ends with it.
 */
export const sharedBuffer: EventBuffer = memoryBuffer()
