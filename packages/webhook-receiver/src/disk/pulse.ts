import type { Clock } from '@holdfast/core'
import type { FileSystem } from './file-system.ts'

const PULSE_MS = 1_000

export interface PulseOptions {
  readonly clock: Clock
  readonly fileSystem: FileSystem
  readonly directory: string
}

/**
 * Asks the file system for something small once a second while `work` is under way, so that a call which the thread pool has missed is done.
 * Condition variables of glibc before 2.41 can lose a wake-up (sourceware bug 25847): every thread of the pool sleeps while a call waits, until another
 * call wakes one. Opening and closing ask for one thing after the other, and would wait for ever; in between the housekeeper asks each
 * second, whatever its round waits for.
 */
export async function withPulse<Result>(
  { clock, fileSystem, directory }: PulseOptions,
  work: () => Promise<Result>,
): Promise<Result> {
  let isOver = false
  let cancel: () => void
  const schedule = (): (() => void) => clock.schedule(PULSE_MS, () => void beat(), { background: true })
  const beat = async (): Promise<void> => {
    await fileSystem.identify(directory).catch(() => undefined)
    // Not before the answer: on a disk that hangs the questions would take the threads of the pool.
    if (!isOver) cancel = schedule()
  }
  cancel = schedule()
  try {
    return await work()
  } finally {
    isOver = true
    cancel()
  }
}
