import type { FileSystem } from '../file-system.ts'
import { mergeRanges, type SeqRange, subtractRanges } from '../seq.ts'
import type { Fingerprint } from './fingerprint.ts'
import type { StoredId } from './id-entry.ts'
import { isUnfinishedRun, parseRunName } from './id-run-format.ts'
import { writeRun } from './id-run-writer.ts'
import { IdRun } from './id-run.ts'
import { type IdSource, runSource } from './id-source.ts'

/** So many neighbours of one size become one run, so that an id is asked for in few of them. */
const MERGE_FACTOR = 4
const SMALL_RUN_IDS = 131_072

export interface IdRunsOptions {
  readonly fileSystem: FileSystem
  readonly directory: string
}

/** The runs of ids on disk, newest first. Each has the ids of a range of records; ranges do not overlap. */
export class IdRuns {
  readonly #options: IdRunsOptions
  readonly key: string
  readonly #lookups: Set<Promise<unknown>> = new Set()
  #runs: readonly IdRun[]
  /** Those that become one; they stay until it is there. */
  #merging: readonly IdRun[] = []

  private constructor(options: IdRunsOptions, key: string, runs: readonly IdRun[]) {
    this.#options = options
    this.key = key
    this.#runs = runs
  }

  /**
   * Opens what is there. Runs that are damaged, that a merge has replaced, or that have another key than the newest, are deleted: their ids
   * are read from the log again, where it still has them.
   */
  static async open(options: IdRunsOptions, newKey: () => string): Promise<IdRuns> {
    const { fileSystem, directory } = options
    await fileSystem.makeDirectory(directory)
    const names = await fileSystem.list(directory)
    for (const name of names.filter(isUnfinishedRun)) await fileSystem.remove(`${directory}/${name}`)
    const ranges = names.flatMap((name) => {
      const range = parseRunName(name)
      return range === undefined ? [] : [{ name, range }]
    })
    // The wider of two comes first, so that what it replaced is recognised.
    ranges.sort((left, right) => right.range.to - left.range.to || left.range.from - right.range.from)
    const runs: IdRun[] = []
    try {
      for (const { name, range } of ranges) {
        const path = `${directory}/${name}`
        const isFree = subtractRanges([range], mergeRanges(runs.map((run) => run.header.range))).length > 0
        const run = isFree ? await IdRun.open(fileSystem, path) : undefined
        const key = runs[0]?.header.key ?? run?.header.key
        if (run !== undefined && run.header.key === key && isSame(run.header.range, range)) runs.push(run)
        else {
          await run?.close()
          await fileSystem.remove(path)
        }
      }
    } catch (error) {
      for (const run of runs) await run.close()
      throw error
    }
    return new IdRuns(options, runs[0]?.header.key ?? newKey(), runs)
  }

  /** Number of ids. */
  get count(): number {
    return this.#runs.reduce((sum, { header }) => sum + header.count, 0)
  }

  get bytes(): number {
    return this.#runs.reduce((sum, run) => sum + run.bytes, 0)
  }

  /** The last record whose id is here: it was durable. */
  get highestSeq(): number {
    return this.#runs[0]?.header.range.to ?? 0
  }

  /** Which of these records have their ids in no run that can be depended on. */
  uncovered(range: SeqRange): SeqRange[] {
    const covered = this.#runs.filter((run) => !run.isDamaged).map(({ header }) => header.range)
    return subtractRanges([range], mergeRanges(covered))
  }

  /**
   * Looks an id up: nothing when no run has it, which is known at once for nearly all that are new. The latest event that `accept` takes
   * counts.
   */
  find(fingerprint: Fingerprint, accept: (stored: StoredId) => boolean): Promise<StoredId | undefined> | undefined {
    const candidates = this.#runs.filter((run) => run.mayHave(fingerprint))
    if (candidates.length === 0) return undefined
    const lookup = findIn(candidates, fingerprint, accept)
    this.#lookups.add(lookup)
    return lookup.finally(() => this.#lookups.delete(lookup))
  }

  /** Writes the ids of a range, durably. */
  async add(source: IdSource, since: number): Promise<void> {
    const run = await writeRun({ ...this.#options, key: this.key, range: source.range, sources: [source], since })
    const runs = [...this.#runs, run]
    this.#runs = runs.sort((left, right) => right.header.range.to - left.header.range.to)
  }

  /** Merges neighbours of about one size, if there are enough of them. Runs may be added meanwhile; one merge at a time. */
  async mergeSome(since: number, signal?: AbortSignal): Promise<boolean> {
    const group = findGroup(this.#runs)
    this.#merging = group
    try {
      return await this.#merge(group, since, signal)
    } finally {
      this.#merging = []
    }
  }

  async #merge(group: readonly IdRun[], since: number, signal: AbortSignal | undefined): Promise<boolean> {
    const [newest] = group
    const oldest = group.at(-1)
    if (newest === undefined || oldest === undefined) return false
    const merged = await writeRun({
      ...this.#options,
      key: this.key,
      range: { from: oldest.header.range.from, to: newest.header.range.to },
      sources: group.map(runSource),
      since,
      ...(signal === undefined ? {} : { signal }),
    })
    if (group.some((run) => run.isDamaged)) {
      // It lacks what could not be read; the log may still have it.
      await this.#delete([merged])
      return false
    }
    this.#runs = this.#runs.flatMap((run) => (run === newest ? [merged] : group.includes(run) ? [] : [run]))
    await this.#delete(group)
    return true
  }

  /** Deletes the runs in which no id is from `since` or later. */
  async removeExpired(since: number): Promise<void> {
    const expired = this.#runs.filter((run) => run.header.newestAt < since && !this.#merging.includes(run))
    if (expired.length === 0) return
    this.#runs = this.#runs.filter((run) => !expired.includes(run))
    await this.#delete(expired)
  }

  async close(): Promise<void> {
    await Promise.allSettled(this.#lookups)
    for (const run of this.#runs) await run.close()
    this.#runs = []
  }

  /** A file that cannot be deleted is found and deleted by the next opening. */
  async #delete(runs: readonly IdRun[]): Promise<void> {
    // Nobody begins to look into them any more.
    await Promise.allSettled(this.#lookups)
    for (const run of runs) {
      await run.close()
      await this.#options.fileSystem.remove(run.path).catch(() => undefined)
    }
  }
}

async function findIn(
  runs: readonly IdRun[],
  fingerprint: Fingerprint,
  accept: (stored: StoredId) => boolean,
): Promise<StoredId | undefined> {
  for (const run of runs) {
    const stored = await run.find(fingerprint)
    if (stored !== undefined && accept(stored)) return stored
  }
  return undefined
}

/**
 * Neighbours of one size class with smaller ones between them, newest first; none when there are too few. The oldest go first: a few small ones that stayed
 * behind between large ones would keep those apart for ever.
 */
function findGroup(runs: readonly IdRun[]): readonly IdRun[] {
  const sound = runs.filter((run) => !run.isDamaged).toReversed()
  const largest = Math.max(0, ...sound.map(sizeClass))
  for (let size = 0; size <= largest; size++) {
    let group: IdRun[] = []
    let counted = 0
    for (const run of sound) {
      const last = group.at(-1)
      const isNeighbour = last !== undefined && last.header.range.to + 1 === run.header.range.from
      if (!isNeighbour || sizeClass(run) > size) {
        group = []
        counted = 0
      }
      if (sizeClass(run) === size) counted++
      if (counted > 0) group.push(run)
      if (counted === MERGE_FACTOR) return group.toReversed()
    }
  }
  return []
}

function sizeClass({ header }: IdRun): number {
  let size = 0
  for (let limit = SMALL_RUN_IDS; header.count > limit; limit *= MERGE_FACTOR) size++
  return size
}

function isSame(left: SeqRange, right: SeqRange): boolean {
  return left.from === right.from && left.to === right.to
}
