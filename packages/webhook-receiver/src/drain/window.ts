import { createFifo } from './fifo.ts'

// A full window is read on only when a quarter is free: few large reads instead of many small ones.
const RESUME_AT = 0.75
// A window in order never comes to this: so much is left for reading on until what holds it up is out of the way.
const PRESSED_AT = 0.5

/** How far a partition is read ahead. A destination that cannot keep up costs this much memory and no more. */
export interface WindowLimits {
  /** Events that are not done. */
  readonly records: number
  /**
   * Events from the oldest that is not done to the newest that was read, so what a cursor must remember. How far other keys get
   * ahead of one that is stuck.
   */
  readonly span: number
  /** Bytes of events that are not done. */
  readonly bytes: number
}

/** The place of an event in the window. It outlives the event when something before it is not done yet. */
export interface Place {
  done: boolean
  readonly bytes: number
}

/** A moment up to which somebody waits for everything to be done. */
interface Mark {
  /** Events still to be read before the mark is surely passed; finding the end of the log settles it sooner. */
  toRead: number
  /** Number of the last place that belongs to it; `undefined` while that is not known. */
  until: number | undefined
  readonly resolve: () => void
}

/** What a partition has read and not yet seen done, in the order of the log. */
export interface Window {
  /** Events that are not done. */
  readonly open: number
  /** How many records and bytes may be read. */
  room(): { readonly records: number; readonly bytes: number }
  /** Resolves when there is room for a read worth making, or the window closes. */
  untilRoom(): Promise<void>
  /** Takes the next event in. `done`: an earlier run was through with it; it has a place all the same, so that `span` holds across restarts. */
  enter(bytes: number, done: boolean): Place
  /** Marks a place as done. */
  leave(place: Place): void
  /** Lets go of what is done at the front, and tells whoever waits for that. To be called after a batch of changes. */
  trim(): void
  /** Resolves when all that is in the log now is done, or the window closes. `backlog`: an upper bound of how much that is. */
  caughtUp(backlog: number): Promise<void>
  /**
   * To be called before a read; `undefined` when nobody waits for the end of the log to be found. What it returns is to be
   * called when that read found nothing: whoever waited since before the read now knows how far.
   */
  seekEnd(): (() => void) | undefined
  /** Whether somebody waits for room, or will soon because something at the front is not done. */
  readonly isPressed: boolean
  /** Lets those go who wait for what is there to be done: it will not be. */
  settle(): void
  /** Ends `untilRoom`, room or not. */
  wake(): void
  /** Lets everybody go who waits, for good. */
  close(): void
}

/** Makes an empty window. */
export function createWindow(limits: WindowLimits): Window {
  const places = createFifo<Place>()
  let entered = 0
  let open = 0
  let bytes = 0
  let marks: Mark[] = []
  let onRoom: (() => void) | undefined
  let closed = false

  const hasRoom = (share: number): boolean =>
    open < limits.records * share && places.size < limits.span * share && bytes < limits.bytes * share

  const wake = (): void => {
    onRoom?.()
    onRoom = undefined
  }

  const settle = (): void => {
    for (const mark of marks) mark.resolve()
    marks = []
  }

  const isUnreached = (mark: Mark): boolean => mark.until === undefined

  return {
    get open() {
      return open
    },
    room: () => ({ records: Math.min(limits.records - open, limits.span - places.size), bytes: limits.bytes - bytes }),
    async untilRoom() {
      if (closed || hasRoom(1)) return
      await new Promise<void>((resolve) => {
        onRoom = resolve
      })
    },
    enter(size, done) {
      const place = { done, bytes: size }
      places.push(place)
      entered += 1
      if (done) return place
      open += 1
      bytes += size
      for (const mark of marks) if (isUnreached(mark) && --mark.toRead <= 0) mark.until = entered
      return place
    },
    leave(place) {
      place.done = true
      open -= 1
      bytes -= place.bytes
    },
    trim() {
      while (places.peek()?.done === true) places.shift()
      if (marks.length > 0) {
        const passed = entered - places.size
        for (const mark of marks) if (mark.until !== undefined && mark.until <= passed) mark.resolve()
        marks = marks.filter((mark) => mark.until === undefined || mark.until > passed)
      }
      if (onRoom !== undefined && hasRoom(RESUME_AT)) wake()
    },
    caughtUp(backlog) {
      return new Promise((resolve) => {
        if (closed) resolve()
        else marks.push({ toRead: backlog, until: undefined, resolve })
      })
    },
    seekEnd() {
      if (marks.length === 0) return undefined
      const seeking = marks.filter(isUnreached)
      if (seeking.length === 0) return undefined
      return () => {
        for (const mark of seeking) mark.until = entered
      }
    },
    get isPressed() {
      return onRoom !== undefined || places.size >= limits.span * PRESSED_AT
    },
    settle,
    wake,
    close() {
      closed = true
      wake()
      settle()
    },
  }
}
