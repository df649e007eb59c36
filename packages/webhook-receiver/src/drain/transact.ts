import { IntegrationError } from '@holdfast/core'
import { BufferError } from '../buffer/buffer-error.ts'
import type { Consumer, Lease } from '../buffer/event-buffer.ts'
import type { Delivery } from './delivery.ts'

/**
 * Runs `work` in a transaction that also holds the ack of a delivery, which counts as acked once it is committed.
 *
 * @throws IntegrationError `configuration_error` where the buffer has no transactions; BufferError `already_done` when it was acked before; what
 * `work` and the buffer throw.
 */
export async function transact<Result>(
  consumer: Consumer,
  lease: Lease,
  delivery: Delivery,
  work: (transaction: unknown) => Promise<Result>,
): Promise<Result> {
  if (consumer.withTransaction === undefined) throw noTransactions()
  try {
    const result = await consumer.withTransaction(lease, { done: [delivery.event.position] }, work)
    delivery.isAcked = true
    return result
  } catch (error) {
    // By an attempt that was taken for dead, or by one whose answer was lost.
    if (error instanceof BufferError && error.reason === 'already_done') delivery.isAcked = true
    throw error
  }
}

function noTransactions(): IntegrationError {
  return new IntegrationError({
    code: 'configuration_error',
    reason: 'no_transactions',
    phase: 'local',
    message: '`transaction` needs a buffer in a database, such as `postgresBuffer`.',
  })
}
