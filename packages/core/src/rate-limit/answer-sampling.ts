import type { RateLimitReading } from '../limit-reading/rate-limit-reading.ts'
import { readLimitHeaders } from '../limit-reading/read-headers.ts'
import { readSuccessHeaders } from '../limit-reading/read-success.ts'
import type { LimitQuotas } from './limit-quotas.ts'

// A provider tells its limits in every answer or in none; who was silent for so long is asked less often.
const SILENT_AFTER = 16
const SILENT_LOOK_EVERY = 8
// Beside the usual names there may be others: one of so many answers is read whole, and all of them once it told more.
const WHOLE_EVERY = 16

/** Says which successes are read for what they tell of a limit: reading is the dearest thing that is done with most of them. */
export class AnswerSampling {
  /** Successes in a row that told nothing. */
  #silent = 0
  /** Answers that need not be read, because so much is left. */
  #unread = 0
  /** Answers that were read by their looks. */
  #read = 0
  #tellsMore = false

  /** Whether the next success is read. */
  isDue(quotas: LimitQuotas, nowMs: number): boolean {
    // What was plenty when the last answer was read may be gone by now, or its window over.
    if (this.#unread > 0 && quotas.unreadAnswers(nowMs) > 0) return false
    return this.#silent < SILENT_AFTER || this.#silent % SILENT_LOOK_EVERY === 0
  }

  /** What a success says by the looks of its headers. */
  read(headers: Headers, now: number): readonly RateLimitReading[] {
    if (!this.#tellsMore && this.#read++ % WHOLE_EVERY > 0) return readSuccessHeaders(headers, now)
    const readings = readLimitHeaders(headers, now)
    this.#tellsMore ||= readings.length > readSuccessHeaders(headers, now).length
    return readings
  }

  /** An answer came. */
  note(isTelling: boolean, isSuccess: boolean): void {
    if (isTelling) this.#silent = 0
    else if (this.#unread > 0) this.#unread--
    else if (isSuccess) this.#silent++
  }

  /** The next answers need not be read. */
  skip(unread: number): void {
    this.#unread = unread
  }
}
