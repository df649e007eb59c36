import type { Hit } from './bucket-call.ts'

// Longer pauses are not slept out but refused, and asked about again after this time: the header may have been misread.
const MAX_PAUSE_MS = 3_600_000
const NEWS_MS = 100
// The first pauses of those that nothing explains. Each is twice as long as the one before, until something goes through.
const FIRST_PAUSE_MS = 1_000
const FIRST_EXHAUSTED_PAUSE_MS = 60_000
const MAX_DOUBLINGS = 5

/** By how much a hit pauses a limit. */
export interface Pause {
  readonly ms: number
  /** Whether it is more than was known, as it is not when the answers of parallel calls arrive one after the other. */
  readonly isNews: boolean
}

/** Until when nothing starts under a limit that was hit. What was announced before is never shortened. All times monotonic. */
export class LimitPause {
  #untilMs = 0
  /** Whether it is that of a quota, which nobody waits for. */
  #isExhausted = false
  #backAtMs = 0
  /** How many in a row nothing explained. */
  #unexplained = 0

  /** 0: there was none. */
  get untilMs(): number {
    return this.#untilMs
  }

  /** When the limit itself says that it is over, which may be later than the pause. */
  get backAtMs(): number {
    return this.#backAtMs
  }

  isExhausted(nowMs: number): boolean {
    return this.#isExhausted && this.#untilMs > nowMs
  }

  /** Something went through. */
  succeeded(startedAtMs: number): void {
    if (startedAtMs >= this.#untilMs) this.#unexplained = 0
  }

  /** A limit was hit by a call. `undefined`: that makes the pause no longer. */
  prolong(hit: Hit, startedAtMs: number, nowMs: number): Pause | undefined {
    const { wait, isExhausted } = hit
    const ms = Math.min(this.#nextMs(hit, startedAtMs, nowMs), MAX_PAUSE_MS)
    const prolongedMs = nowMs + ms - this.#untilMs
    if (ms <= 0 || prolongedMs <= 0) return undefined
    const isNews = this.#untilMs <= nowMs || prolongedMs > NEWS_MS
    this.#backAtMs = wait.kind === 'unknown' ? nowMs : nowMs + wait.ms
    this.#untilMs = nowMs + ms
    this.#isExhausted = isExhausted
    return { ms, isNews }
  }

  /** Others were told to wait. Returns whether that makes the pause longer. */
  prolongUntil(untilMs: number, isExhausted: boolean, nowMs: number): boolean {
    const heldMs = Math.min(untilMs, nowMs + MAX_PAUSE_MS)
    if (heldMs <= Math.max(nowMs, this.#untilMs)) return false
    this.#untilMs = heldMs
    this.#isExhausted = isExhausted
    return true
  }

  #nextMs({ wait, isExhausted }: Hit, startedAtMs: number, nowMs: number): number {
    // The other answers of calls that were in flight together are no further sign.
    const isPausedAt = (atMs: number): boolean => atMs < this.#untilMs && (this.#isExhausted || !isExhausted)
    switch (wait.kind) {
      case 'told':
        return wait.ms
      case 'documented':
        return isPausedAt(startedAtMs) ? wait.ms : this.#longerMs(wait.ms)
      case 'unknown':
        if (isPausedAt(nowMs)) return 0
        return this.#longerMs(isExhausted ? FIRST_EXHAUSTED_PAUSE_MS : FIRST_PAUSE_MS)
    }
  }

  #longerMs(firstMs: number): number {
    return firstMs * 2 ** Math.min(this.#unexplained++, MAX_DOUBLINGS)
  }
}
