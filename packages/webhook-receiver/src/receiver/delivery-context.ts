/** What a handler gets beside the event. */
export interface DeliveryContext {
  /** Name of the destination. */
  readonly destination: string
  /** 1 for the first delivery of this event to this destination, also across restarts. */
  readonly attempt: number
  /** Aborts when `timeoutMs` has passed or the receiver stops. */
  readonly signal: AbortSignal
  /** When `signal` aborts at the latest, ms since the epoch; `Infinity` with `timeoutMs: Infinity`. */
  readonly deadline: number
  /**
   * Grows each time the partition of the event changes hands. A resource that remembers the highest one it saw can refuse a process
   * that was paused, lost the partition and goes on without knowing.
   */
  readonly fencingToken: number
  /**
   * Does something once for this event and destination, however often the event is tried: `run` is called unless it has succeeded before, and
   * what it returned then is returned again. It must be JSON, or nothing. `effectId` tells several effects of an event apart.
   * Needs the option `idempotency`. It is once as far as the store knows: what a process did that died before it could say so is done again.
   *
   * @throws IntegrationError `overloaded`, reason `effect_busy`, while somebody else runs it; `internal_error`, reason `effect_lost`, when
   * somebody else may have begun it meanwhile; `configuration_error` without a store, or when the result is no JSON. What `run` and the
   * store throw.
   */
  readonly once: {
    <Result>(run: (effect: Effect) => Promise<Result> | Result): Promise<Result>
    <Result>(effectId: string, run: (effect: Effect) => Promise<Result> | Result): Promise<Result>
  }
  /**
   * Runs `work` in a transaction of the database that the buffer is in, and commits the ack of the event with it: what it writes there happens
   * exactly once, whatever dies. `work` is given the transaction of the client that the buffer was made of, for `postgresBuffer` on a pool of pg a
   * `PoolClient`. Once per event, and last: what the handler does afterwards may not happen, and its failure is not noticed.
   *
   * @throws IntegrationError `configuration_error`, reason `no_transactions`, where `caps.transactionalAck` of the buffer is false; BufferError
   * `already_done` when the event was done before, and `stale_lease`; what `work` and the client throw. Nothing was written then, and the error should
   * leave the handler.
   */
  readonly transaction: <Transaction, Result>(work: (transaction: Transaction) => Promise<Result>) => Promise<Result>
}

/** What an effect gets. */
export interface Effect {
  /** Grows with each holder of the effect: a resource that remembers the highest one can refuse one that was taken for dead. */
  readonly token: number
  /** That of the attempt. */
  readonly signal: AbortSignal
}
