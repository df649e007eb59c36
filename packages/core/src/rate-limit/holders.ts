/** What a process holds of a limit that several share. */
export interface Holder {
  readonly units: number
  /** Then it is over, unless it was renewed. */
  readonly until: number
  /** Whether calls of it wait for more. */
  readonly isWaiting: boolean
}

/** How long a process may use what it holds without renewing it. */
const HOLD_MS = 5_000

/** Who holds what of a limit, while one process reads and changes it. All times are on the store's clock. */
export class Holders {
  /** Those that are over: nobody heard of them any more. */
  readonly ended: readonly Holder[]
  readonly #nowMs: number
  readonly #holders: Map<string, Holder>

  constructor(stored: Readonly<Record<string, Holder>> | undefined, nowMs: number) {
    this.#nowMs = nowMs
    this.#holders = new Map(Object.entries(stored ?? {}))
    const ended: Holder[] = []
    for (const [id, holder] of this.#holders) {
      // A time that is too far away was written before the store's clock was set back.
      if (holder.until > nowMs && holder.until <= nowMs + HOLD_MS) continue
      this.#holders.delete(id)
      ended.push(holder)
    }
    this.ended = ended
  }

  /** What the others hold. @param share - So much is taken off at least for each of them that waits for more. */
  unitsOfOthers(id: string, share = 0): number {
    let units = 0
    for (const [holder, held] of this.#holders)
      if (holder !== id) units += held.isWaiting ? Math.max(share, held.units) : held.units
    return units
  }

  /** What those of the others hold that need no more. */
  unitsOfContent(id: string): number {
    let units = 0
    for (const [holder, held] of this.#holders) if (holder !== id && !held.isWaiting) units += held.units
    return units
  }

  /** How many others have calls that wait. */
  othersWaiting(id: string): number {
    let waiting = 0
    for (const [holder, { isWaiting }] of this.#holders) if (holder !== id && isWaiting) waiting++
    return waiting
  }

  /** How many processes there are, with the one that asks. */
  processes(id: string): number {
    return this.#holders.size + (this.#holders.has(id) ? 0 : 1)
  }

  unitsOf(id: string): number {
    return this.#holders.get(id)?.units ?? 0
  }

  /** Whether a process holds so much already, and for a while yet. Who holds nothing and waits for nothing is in no need of it. */
  holds(id: string, units: number, isWaiting: boolean): boolean {
    const holder = this.#holders.get(id)
    if (holder === undefined) return units === 0 && !isWaiting
    return holder.units === units && holder.isWaiting === isWaiting && holder.until > this.#nowMs + HOLD_MS / 2
  }

  /** Until when a process holds what it holds. */
  heldUntilMs(id: string): number {
    return this.#holders.get(id)?.until ?? this.#nowMs
  }

  /** What a process holds from now on. */
  hold(id: string, units: number, isWaiting: boolean): void {
    if (units > 0 || isWaiting) this.#holders.set(id, { units, until: this.#nowMs + HOLD_MS, isWaiting })
    else this.#holders.delete(id)
  }

  toStored(): Readonly<Record<string, Holder>> {
    return Object.fromEntries(this.#holders)
  }
}
