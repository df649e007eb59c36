import { isIntegrationError } from '@holdfast/core'
import type { OpenAddress } from './buffer-address.ts'
import type { CliIo } from './cli-io.ts'

const ASK_EVERY_MS = 250

/**
 * Opens a buffer, as soon as nobody else has it open. `prepare` does what comes before a wait, of which it says once that it has begun.
 *
 * @throws what `open` throws but for a lock, and what `prepare` throws; the signal's reason.
 */
export async function openWhenFree(
  open: () => Promise<OpenAddress>,
  prepare: () => Promise<void>,
  io: CliIo,
): Promise<OpenAddress> {
  for (let isTold = false; ; isTold = true) {
    io.signal.throwIfAborted()
    if (isTold) await io.clock.sleep(ASK_EVERY_MS, io.signal)
    try {
      return await open()
    } catch (error) {
      const lock = [error, (error as { readonly cause?: unknown } | null)?.cause].find(isLock)
      if (lock === undefined) throw error
      if (isTold) continue
      await prepare()
      await io.stderr.write(`${lock.message} Waiting until it is free: stop the application now.\n`)
    }
  }
}

function isLock(error: unknown): error is Error {
  return isIntegrationError(error) && error.reason === 'buffer_locked'
}
