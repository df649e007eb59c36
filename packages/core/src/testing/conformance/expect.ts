/** @throws Error when two values, or two structures of JSON, are not the same. */
export function same(what: string, actual: unknown, expected: unknown): void {
  const [shown, wanted] = [JSON.stringify(actual), JSON.stringify(expected)]
  if (shown !== wanted) throw new Error(`${what}: expected ${wanted}, got ${shown}`)
}

/** @throws Error when a condition does not hold. */
export function ensure(what: string, condition: boolean): asserts condition {
  if (!condition) throw new Error(`${what}: it is not so`)
}

/** What a promise rejects with. @throws Error when it is fulfilled. */
export async function rejection(what: string, promise: Promise<unknown>): Promise<unknown> {
  try {
    await promise
  } catch (error) {
    return error
  }
  throw new Error(`${what}: expected a rejection`)
}
