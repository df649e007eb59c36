/** Seeds that found something once, of every part of the tests that draws at random. Each run of the part begins with them. */
export const keptSeeds = {
  /** `disk/crash-model.test.ts` of webhook-receiver, as the next seven */
  crashes: [],
  /** `disk/damage-model.test.ts` */
  damage: [],
  /** `disk/command-model.test.ts` */
  commands: [30, 953],
  /** `disk/crash-commands.test.ts` */
  crashedCommands: [],
  /** `disk/uneven-disk.test.ts` */
  unevenDisk: [55, 284],
  /** `disk/sqlite/oracle.test.ts` */
  oracle: [],
  /** `disk/arbitrary-bytes.test.ts` */
  bytes: [5017],
  /** `disk/looked-into.test.ts` */
  looks: [],
  /** `test/crash/crash.test.ts` */
  kills: [],
  /** `test/crash/many/many.test.ts` */
  many: [],
  /** `test/crash/ledger/ledger.test.ts` */
  books: [],
  /** `test/crash/ledger/ledger.test.ts`, on a disk that fails */
  diskFaults: [],
  /** `test/crash/ledger/ledger.test.ts`, on a disk whose power is cut */
  powerCuts: [],
  /** `test/shards/shards.test.ts` */
  cluster: [],
} as const satisfies Readonly<Record<string, readonly number[]>>

/** A part of the tests that draws at random. */
export type SeededPart = keyof typeof keptSeeds

export function isSeededPart(name: string): name is SeededPart {
  return Object.hasOwn(keptSeeds, name)
}

/** The seeds to run: those that are kept for the part, then these. */
export function withKept(
  part: SeededPart,
  fresh: readonly number[],
  kept: Readonly<Partial<Record<SeededPart, readonly number[]>>> = keptSeeds,
): number[] {
  return [...new Set([...(kept[part] ?? []), ...fresh])]
}

/** A seed that has not been yet, for tests of real processes. */
export function newSeed(): number {
  return 1 + Math.floor(Math.random() * 2 ** 31)
}

/** What to do about a seed that found something, for whoever reads the output. */
export function howToKeep(part: SeededPart, seed: number | 'the seed that is named'): string {
  return `Add ${seed} to \`${part}\` in test/seeds/kept-seeds.ts, and it runs first in every pull request.`
}
