/**
 * The storage contract of the core: small values that several processes share, such as what is left of a rate limit or that a
 * circuit is open. A value changes by compare-and-set only, so that nobody overwrites what he has not seen.
 *
 * All times are on the clock of the store, which every answer tells (`nowMs`): who shares a store needs no clock in common.
 *
 * Nothing here has to survive a crash of the store. What it forgets is learned again.
 *
 * `stateStoreConformance` in `@holdfast/core/testing` is the executable form of this contract.
 */
export interface StateStore {
  readonly caps: StateStoreCaps
  /**
   * What is stored under a key now.
   *
   * @throws the signal's reason when it aborts; otherwise whatever the store throws when it cannot be reached.
   */
  get(key: string, signal?: AbortSignal): Promise<StateRead>
  /**
   * Stores, replaces or removes a value, if what is stored is still the version that was expected; otherwise changes nothing.
   * Of several that expect the same version exactly one succeeds.
   *
   * @throws the signal's reason when it aborts; otherwise whatever the store throws when it cannot be reached, or does not take
   * the value. Whether the value was stored is not known then.
   */
  compareAndSet(key: string, change: StateChange, signal?: AbortSignal): Promise<StateWrite>
  /**
   * Takes the lease of that name, unless somebody has it. Its token is greater than that of every earlier lease of the name, so
   * that whoever receives something from two owners knows which one was the later.
   *
   * @throws IntegrationError `unsupported`, where `caps.leases` is false.
   */
  acquire(name: string, leaseMs: number, signal?: AbortSignal): Promise<StateLease | undefined>
  /** Makes a lease last for `leaseMs` from now. `false`: it has ended, and may be somebody else's by now. */
  renew(lease: StateLease, leaseMs: number, signal?: AbortSignal): Promise<boolean>
  /** Ends a lease, if it has not ended. That of another owner stays. */
  release(lease: StateLease, signal?: AbortSignal): Promise<void>
}

/** What a store can do. The flags are read; nobody probes for methods. */
export interface StateStoreCaps {
  /** Whether other processes see the same values. */
  readonly multiProcess: boolean
  /** Whether it has leases. */
  readonly leases: boolean
  /** The length of keys and names, in bytes of UTF-8, that it surely takes. At least 512. */
  readonly maxKeyBytes: number
  /** The length of values, in bytes of UTF-8, that it surely takes. At least 65,536. */
  readonly maxValueBytes: number
}

/** A value as it is stored. */
export interface StateEntry {
  /** Well-formed text, otherwise any. */
  readonly value: string
  /** Opaque. Never that of an earlier value of the key, not even after it was removed. */
  readonly version: string
}

/** An answer of the store. */
export interface StateRead {
  /** What is stored; absent when nothing is, or its time was over. */
  readonly entry: StateEntry | undefined
  /** The time on the store's clock while it worked on the answer, in milliseconds since a moment that never changes. */
  readonly nowMs: number
}

/** What should become of a value. */
export interface StateChange {
  /** The version that it replaces; `undefined`: nothing must be stored. */
  readonly expected: string | undefined
  /** The new value; `undefined` removes it. */
  readonly value: string | undefined
  /** After how long the store forgets it, in milliseconds. At least 1; `Infinity`: never. */
  readonly ttlMs: number
}

/** What became of it. */
export interface StateWrite extends StateRead {
  /** Whether it was changed. `entry` is what is stored now in either case. */
  readonly written: boolean
}

/** The right to do something alone, for a time. */
export interface StateLease {
  readonly name: string
  /** Rises from owner to owner. */
  readonly token: number
}
