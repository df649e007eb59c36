import { conflictError, type Exchange, type StateLink } from './state-link.ts'

const MAX_CONFLICTS = 10
const LONGEST_PAUSE_MS = 32

/** What should become of a record, given what is stored. */
export interface Reconciled<Value> {
  /** What to store; absent: nothing changes. */
  readonly write?: { readonly value: Value; readonly ttlMs: number }
  /** Takes over what is stored then. */
  readonly commit: () => void
}

/** How a record is read and kept in step. */
export interface SharedRecordOptions<Value> {
  readonly key: string
  /** Reads what is stored; `undefined`: it is none of ours. */
  readonly parse: (stored: unknown) => Value | undefined
  /**
   * Brings together what is stored and what is known here. Asked again when somebody else was faster, so it changes nothing
   * before `commit`. `nowMs` is the time of the store.
   */
  readonly reconcile: (stored: Value | undefined, nowMs: number) => Reconciled<Value>
}

/** A value of the store as this process knows it. */
export class SharedRecord<Value> {
  readonly #link: StateLink
  readonly #options: SharedRecordOptions<Value>
  #syncedAtMs = -Infinity
  #running: Promise<void> | undefined
  #next: Promise<void> | undefined

  constructor(link: StateLink, options: SharedRecordOptions<Value>) {
    this.#link = link
    this.#options = options
  }

  /** How old the knowledge of what is stored is, in milliseconds. */
  ageMs(nowMs: number): number {
    return nowMs - this.#syncedAtMs
  }

  /** What is under way with the store. */
  get running(): Promise<void> | undefined {
    return this.#running
  }

  /**
   * Reads what is stored, brings it together with what is known here, and stores the result. Who asks while that is under way
   * shares the one after it. Never rejects: without the store everything stays as it is.
   */
  sync(): Promise<void> {
    if (this.#running === undefined) {
      this.#running = this.#sync().finally(() => {
        this.#running = undefined
      })
      return this.#running
    }
    this.#next ??= this.#running.then(() => {
      this.#next = undefined
      return this.sync()
    })
    return this.#next
  }

  async #sync(): Promise<void> {
    const askedMs = this.#link.clock.monotonicMs()
    let commit = (): void => {}
    const isDone = await this.#link.exchange(async (exchange) => {
      commit = await this.#bringTogether(exchange)
    })
    if (!isDone) return
    this.#syncedAtMs = askedMs
    // From here on the store counts as back: who starts by what it said must not go by what was kept to without it.
    commit()
  }

  /** Returns what takes over what is stored. */
  async #bringTogether({ get, compareAndSet, pause }: Exchange): Promise<() => void> {
    const { key, reconcile } = this.#options
    for (let conflicts = 0; conflicts <= MAX_CONFLICTS; conflicts++) {
      // Those who were in each other's way come back at different times.
      if (conflicts > 0) await pause(this.#link.random.next() * Math.min(2 ** conflicts, LONGEST_PAUSE_MS))
      const { entry, nowMs } = await get(key)
      const { write, commit } = reconcile(this.#read(entry?.value), nowMs)
      const isWritten =
        write === undefined ||
        (
          await compareAndSet(key, {
            expected: entry?.version,
            value: JSON.stringify(write.value),
            ttlMs: write.ttlMs,
          })
        ).written
      if (isWritten) return commit
    }
    throw conflictError()
  }

  #read(stored: string | undefined): Value | undefined {
    if (stored === undefined) return undefined
    let value: Value | undefined
    try {
      value = this.#options.parse(JSON.parse(stored))
    } catch {
      // Not even JSON.
    }
    if (value === undefined) this.#link.report({ code: 'schema_mismatch', reason: 'state_value' })
    return value
  }
}
