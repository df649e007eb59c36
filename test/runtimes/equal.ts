/** Compares what JSON says of two values; no runtime has a library for it that all have. */
export function equal(actual: unknown, expected: unknown): void {
  const [seen, wanted] = [JSON.stringify(actual), JSON.stringify(expected)]
  if (seen !== wanted) throw new Error(`expected ${wanted}, got ${seen}`)
}
