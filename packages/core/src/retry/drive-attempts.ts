// oxlint-disable-next-line no-restricted-imports -- this is the file in front of p-retry
import pRetry from 'p-retry'

/** How the attempts after the first one are made. */
export interface AttemptDriver<Outcome> {
  readonly maxAttempts: number
  readonly isFailure: (outcome: Outcome) => boolean
  /** Makes attempt number `attempt`, 2 or more. Failures are outcomes; it rejects only for what ends the call. */
  readonly attempt: (attempt: number) => Promise<Outcome>
  /** Decides after a failure whether another attempt follows, and waits for its time. A rejection ends the call. */
  readonly prepareNext: (outcome: Outcome, nextAttempt: number) => Promise<boolean>
}

/**
 * Drives the attempts that follow a failed first one with p-retry, and returns the last outcome. A call whose first attempt
 * succeeds never comes here.
 *
 * p-retry never repeats after a TypeError that it does not know, replaces thrown non-errors, and cannot vary the delay by
 * failure. So outcomes travel as values in an error of our own, and the wait happens inside `shouldRetry`, which is the last
 * thing it asks, and only while attempts are left.
 */
export async function driveAttempts<Outcome>(first: Outcome, driver: AttemptDriver<Outcome>): Promise<Outcome> {
  try {
    return await pRetry(
      async (attempt) => {
        const outcome = attempt === 1 ? first : await orEnd(driver.attempt(attempt))
        if (driver.isFailure(outcome)) throw new FailedAttempt(outcome)
        return outcome
      },
      {
        retries: driver.maxAttempts - 1,
        minTimeout: 0,
        randomize: false,
        shouldRetry: ({ error, attemptNumber }) =>
          error instanceof FailedAttempt && orEnd(driver.prepareNext(error.outcome as Outcome, attemptNumber + 1)),
      },
    )
  } catch (error) {
    if (error instanceof FailedAttempt) return error.outcome as Outcome
    throw error instanceof CallEnd ? error.reason : error
  }
}

/** Carries what ends the call past p-retry, which would replace a reason that is no Error. */
async function orEnd<Result>(work: Promise<Result>): Promise<Result> {
  try {
    return await work
  } catch (reason) {
    throw new CallEnd(reason)
  }
}

class FailedAttempt extends Error {
  override readonly name = 'FailedAttempt'
  readonly outcome: unknown

  constructor(outcome: unknown) {
    super('The attempt failed.')
    this.outcome = outcome
  }
}

class CallEnd extends Error {
  override readonly name = 'CallEnd'
  readonly reason: unknown

  constructor(reason: unknown) {
    super('The call ended.')
    this.reason = reason
  }
}
