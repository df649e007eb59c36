import { recordOf } from './explain.ts'

/** How much of its call's deadline is left for the body of an answer, in ms. `Infinity`: nothing limits it. */
export function timeLeftFor(response: Response): number {
  const record = recordOf(response)
  return record === undefined ? Infinity : Math.max(0, record.deadlineAtMs - record.clock.monotonicMs())
}

/**
 * Follows `reading`, which reads the body of `answer`. When the deadline of the call passes before it has settled, it ends the
 * transfer, tells `onTimeout` the reason, and rejects with it.
 */
export function untilDeadline<Result>(
  reading: Promise<Result>,
  answer: Promise<Response>,
  onTimeout: (reason: unknown) => void,
): Promise<Result> {
  return new Promise((resolve, reject) => {
    let isOver = false
    let cancel = (): void => {}
    const start = (response: Response): void => {
      const { clock, signal } = recordOf(response) ?? {}
      const leftMs = timeLeftFor(response)
      if (isOver || clock === undefined || signal === undefined || leftMs === Infinity) return
      cancel = clock.schedule(leftMs, () => {
        const reason = signal.timeOut()
        onTimeout(reason)
        reject(reason)
      })
    }
    const end = (): void => {
      isOver = true
      cancel()
    }
    // Without an answer `reading` rejects too.
    answer.then(start, () => {})
    reading.then(resolve, reject).finally(end)
  })
}
