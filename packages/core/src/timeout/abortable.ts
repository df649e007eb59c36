/** Follows `work`, but rejects with the signal's reason, untouched, as soon as it aborts. Leaves no listener behind. */
export function abortable<Result>(work: Promise<Result>, signal: AbortSignal): Promise<Result> {
  return new Promise((resolve, reject) => {
    const onAbort = (): void => reject(signal.reason)
    if (signal.aborted) onAbort()
    else signal.addEventListener('abort', onAbort, { once: true })
    const leave = (): void => signal.removeEventListener('abort', onAbort)
    work.then(
      (result) => {
        leave()
        resolve(result)
      },
      (error: unknown) => {
        leave()
        reject(error)
      },
    )
  })
}
