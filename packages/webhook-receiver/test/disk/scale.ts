/** How many times more a run does than in a pull request. `npx -y pnpm@12 nightly` sets it. */
export const scale: number = Math.max(1, Number(process.env['HOLDFAST_SCALE'] ?? '1'))

/** Where random runs begin; a nightly run takes other seeds than a pull request. */
export const firstSeed: number = Math.max(1, Number(process.env['HOLDFAST_FIRST_SEED'] ?? '1'))

/** A count of a pull request, grown with the scale. */
export function scaled(count: number): number {
  return Math.round(count * scale)
}

/** So many seeds, from the first. */
export function freshSeeds(count: number): number[] {
  return Array.from({ length: count }, (_, index) => firstSeed + index)
}

/** So many of the numbers below `total`, or somewhat more, evenly spread; other ones with the next first seed. */
export function* spreadOver(total: number, count: number): Generator<number> {
  const step = Math.max(1, Math.floor(total / count))
  for (let at = firstSeed % step; at < total; at += step) yield at
}
