import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { seededRandom, type SeededRandom } from '../seeded-random.ts'
import { balanceOf, type LedgerBalance } from './ledger-books.ts'
import { FAILED_TOO_OFTEN, type LedgerSettings } from './ledger-settings.ts'

const PROCESS = fileURLToPath(new URL('./ledger-process.ts', import.meta.url))

/** Something that is done to the process; it resolves when the process goes on or is gone. */
export type Disturbance = (child: ChildProcess, random: SeededRandom) => Promise<void>

export interface LedgerOptions extends Omit<LedgerSettings, 'directory' | 'books' | 'run' | 'skewMs' | 'isFaulty'> {
  /** For the books, and the buffer if it has no place of its own. */
  readonly directory: string
  readonly bufferDirectory?: string
  /** Largest distance of a process's clock from the machine's, ms. */
  readonly maxSkewMs: number
  /** Environment of each process, for faults of its disk. The last one has none. */
  readonly environment?: (random: SeededRandom) => Readonly<Record<string, string>>
  /** What happens, chosen at random, after up to `everyMs` each time. */
  readonly disturbances: readonly Disturbance[]
  readonly everyMs: number
  /** How often; `Infinity`: until `forMs` are over. */
  readonly times: number
  readonly forMs: number
  readonly onDisturbed?: (count: number, runs: number) => void
}

export interface LedgerReport extends LedgerBalance {
  readonly runs: number
  readonly disturbances: number
}

/** Kills the process with SIGKILL. */
export const kill: Disturbance = async (child) => {
  const gone = once(child, 'exit')
  child.kill('SIGKILL')
  await gone
}

/** Stops the process as a whole for up to five seconds. */
export const freeze: Disturbance = async (child, random) => {
  child.kill('SIGSTOP')
  await sleep(random.integer(100, 5_000))
  child.kill('SIGCONT')
}

/** Disturbs a process that appends and delivers, starts it again whenever it is gone, lets it finish in the end, and balances its books. */
export async function playLedger(options: LedgerOptions): Promise<LedgerReport> {
  const {
    directory,
    bufferDirectory = join(directory, 'buffer'),
    maxSkewMs,
    disturbances,
    environment,
    onDisturbed,
    ...rest
  } = options
  const { seed, events, keys, concurrency, failureRatio, eventsPerSecond, everyMs, times, forMs } = rest
  const books = join(directory, 'books')
  mkdirSync(books, { recursive: true })
  const random = seededRandom(seed, 'ledger')
  const endAtMs = performance.now() + forMs
  let [runs, count] = [0, 0]
  for (;;) {
    runs++
    const skewMs = random.integer(-maxSkewMs, maxSkewMs)
    const common = {
      directory: bufferDirectory,
      books,
      seed,
      events,
      keys,
      concurrency,
      failureRatio,
      eventsPerSecond,
    }
    const isFaulty = environment !== undefined && count < times
    const child = start({ ...common, run: runs, skewMs, isFaulty }, isFaulty ? environment(random) : {})
    const gone = once(child, 'exit')
    await Promise.race([once(child, 'message'), gone])
    while (child.exitCode === null && child.signalCode === null && count < times && performance.now() < endAtMs) {
      await Promise.race([sleep(random.integer(1, everyMs)), gone])
      if (child.exitCode !== null) break
      const disturbance = disturbances[random.integer(0, disturbances.length - 1)]
      await disturbance?.(child, random)
      count++
      onDisturbed?.(count, runs)
    }
    if (child.signalCode === 'SIGKILL') continue
    if (child.exitCode === FAILED_TOO_OFTEN) {
      count++
      onDisturbed?.(count, runs)
      continue
    }
    if (child.exitCode === null && performance.now() >= endAtMs) child.send('finish')
    const [code, signal] = (await gone) as [number | null, string | null]
    if (code !== 0) throw new Error(`Run ${runs} ended by itself (code ${code}, signal ${signal}).`)
    return { ...balanceOf(books), runs, disturbances: count }
  }
}

function start(settings: LedgerSettings, environment: Readonly<Record<string, string>>): ChildProcess {
  return spawn(process.execPath, ['--conditions=@holdfast/source', PROCESS, JSON.stringify(settings)], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    env: { ...process.env, ...environment },
  })
}
