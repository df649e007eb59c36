// From there on a process needs more time for those who share a sync than the sync takes.
const BUSY = 0.5

/** Has a busy process send one half of those who wait while it works for the other; see `AppendQueueOptions`. One batch is under way at a time. */
export interface Halving {
  /** Whether the process was busy when the last batch began. */
  readonly isBusy: boolean
  /** A batch begins. Answers how many of those who wait it may hold; `Infinity`: all. */
  begin(waiting: number): number
  /** A batch is stored, and `others` wait. Answers whether the next one is to begin before the senders of this one are answered. */
  stored(groups: number, others: number): boolean
}

/**
 * Makes the halving of one queue.
 *
 * @param utilization - Share of the time, lately, in which this process was at work, 0 to 1.
 */
export function createHalving(utilization: () => number): Halving {
  let isBusy = false
  /** Groups that waited or were answered when the last batch was. */
  let around = 0
  return {
    get isBusy() {
      return isBusy
    },
    begin(waiting) {
      isBusy = utilization() >= BUSY
      return isBusy ? Math.ceil(Math.max(around, waiting) / 2) : Infinity
    },
    stored(groups, others) {
      around = others + groups
      return isBusy && others >= groups / 2
    },
  }
}
