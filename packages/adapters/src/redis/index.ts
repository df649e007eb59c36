export { defaultRedisBufferOptions } from './redis-buffer-options.ts'
export type { RedisBufferOptions, RedisRetention, RedisWaitAof } from './redis-buffer-options.ts'
export { redisBuffer } from './redis-buffer.ts'
export type {
  BinaryIoredisLike,
  BinaryNodeRedisLike,
  BinaryRedisLike,
  ClusterRedisLike,
  SingleRedisLike,
} from './client.ts'
export type { BunRedisLike, IoredisLike, NodeRedisLike, RedisLike } from './client.ts'
export { defaultRedisIdempotencyStoreOptions, redisIdempotencyStore } from './redis-idempotency-store.ts'
export type { RedisIdempotencyStoreOptions } from './redis-idempotency-store.ts'
export { defaultRedisStateStoreOptions, redisStateStore } from './redis-state-store.ts'
export type { RedisStateStoreOptions } from './redis-state-store.ts'
export { toIntegrationError } from './to-integration-error.ts'
export type { ToIntegrationErrorOptions } from '@holdfast/core'
