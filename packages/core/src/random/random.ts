/** Where jitter and random keys come from. `@holdfast/core/testing` has a seeded one. */
export interface Random {
  /** A number from [0, 1). */
  next(): number
  /** A new random UUID (RFC 9562, version 4). */
  uuid(): string
}

/** The platform's randomness. Globals are looked up at each call. */
export const systemRandom: Random = Object.freeze({
  next: () => Math.random(),
  uuid: () => crypto.randomUUID(),
})
