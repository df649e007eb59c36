/** One of several things that are compared. */
export interface Contender {
  readonly name: string
  /** How it is set up. */
  readonly note: string
  /** Does it once. */
  readonly call: () => Promise<unknown>
}

export interface InterleaveOptions {
  readonly rounds: number
  readonly warmUpRounds: number
  /** Calls of one contender in one round. */
  readonly callsPerRound: number
  /** Calls under way at once. */
  readonly concurrency: number
}

/** What was measured of one contender. */
export interface Sample {
  readonly name: string
  /** Wall-clock time per call, one figure per round, in microseconds. */
  readonly roundsUs: readonly number[]
  /** Processor time of this process per call, one figure per round, in microseconds. Other processes do not disturb it much. */
  readonly cpuUs: readonly number[]
  /** Durations of single calls, in microseconds, ascending. */
  readonly callsUs: readonly number[]
}

/**
 * Plays the rounds of all contenders in turn, so that whatever disturbs the machine disturbs everybody. The turns of a round come in
 * a random order: with a fixed one each contender would pay for the garbage of the same neighbour. Warm-up is not counted.
 */
export async function interleave(contenders: readonly Contender[], options: InterleaveOptions): Promise<Sample[]> {
  const entries = contenders.map((contender) => ({
    contender,
    sample: { name: contender.name, roundsUs: [] as number[], cpuUs: [] as number[], callsUs: [] as number[] },
  }))
  for (let round = -options.warmUpRounds; round < options.rounds; round += 1) {
    for (const { contender, sample } of shuffled(entries)) {
      const calls: number[] = []
      const { wallUs, cpuUs } = await playRound(contender, options, calls)
      if (round < 0) continue
      sample.roundsUs.push(wallUs)
      sample.cpuUs.push(cpuUs)
      for (const duration of calls) sample.callsUs.push(duration)
    }
  }
  const samples = entries.map(({ sample }) => sample)
  for (const sample of samples) sample.callsUs.sort((a, b) => a - b)
  return samples
}

function shuffled<Item>(items: readonly Item[]): Item[] {
  return items
    .map((item) => ({ item, place: Math.random() }))
    .sort((a, b) => a.place - b.place)
    .map(({ item }) => item)
}

async function playRound(
  contender: Contender,
  options: InterleaveOptions,
  calls: number[],
): Promise<{ readonly wallUs: number; readonly cpuUs: number }> {
  let left = options.callsPerRound
  const work = async (): Promise<void> => {
    while (left > 0) {
      left -= 1
      const startedAt = performance.now()
      await contender.call()
      calls.push((performance.now() - startedAt) * 1000)
    }
  }
  const cpuBefore = process.cpuUsage()
  const startedAt = performance.now()
  await Promise.all(Array.from({ length: options.concurrency }, work))
  const wallMs = performance.now() - startedAt
  const { user, system } = process.cpuUsage(cpuBefore)
  return { wallUs: (wallMs * 1000) / options.callsPerRound, cpuUs: (user + system) / options.callsPerRound }
}
