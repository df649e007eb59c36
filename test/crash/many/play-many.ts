import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { seededRandom } from '../seeded-random.ts'
import { readBooks } from './kept-books.ts'
import type { ManyMessage, ManySettings } from './many-settings.ts'

const PROCESS = fileURLToPath(new URL('./many-process.ts', import.meta.url))
/** A round that takes longer has hung, however busy the machine is. */
const HANG_MS = 300_000
/** Events of a buffer after which its process is killed, at least and at most. */
const [LEAST_WORK_PER_BUFFER, WORK_PER_BUFFER] = [10, 40]

export interface ManyOptions {
  /** A new directory. */
  readonly directory: string
  /** Buffers that are open in the process that is killed. */
  readonly buffers: number
  /** Kills of the process, each of which is one of every buffer. */
  readonly rounds: number
  readonly seed: number
  /** Called after each round. */
  readonly onRound?: (round: number) => void
}

export interface ManyReport {
  /** Kills, counted for each buffer. */
  readonly kills: number
  readonly killsWhileOpening: number
  readonly acknowledged: number
  readonly committed: number
  readonly problems: readonly string[]
}

/** Kills a process with many buffers again and again, one time in five while it opens them; each opening compares them with their books. */
export async function playMany({ directory, buffers, rounds, seed, onRound }: ManyOptions): Promise<ManyReport> {
  mkdirSync(directory, { recursive: true })
  const problems: string[] = []
  let killsWhileOpening = 0
  for (let run = 1; run <= rounds + 1 && problems.length === 0; run++) {
    const isLast = run > rounds
    const random = seededRandom(seed, 'round', run)
    const isKilledWhileOpening = !isLast && run > 1 && random.chance(0.2)
    const delayMs = random.integer(0, isKilledWhileOpening ? 40 : 15)
    const worksFor = random.integer(LEAST_WORK_PER_BUFFER * buffers, WORK_PER_BUFFER * buffers)
    const child = start({ directory, buffers, run, seed, worksFor, isLast }, (index, found) =>
      problems.push(...found.map((problem) => `run ${run}, buffer ${index}: ${problem}`)),
    )
    if (!isLast) {
      await child.said(isKilledWhileOpening ? 'opening' : 'worked')
      await sleep(delayMs)
      child.kill()
      killsWhileOpening += isKilledWhileOpening ? buffers : 0
    }
    await child.gone
    onRound?.(run)
  }
  const books = Array.from({ length: buffers }, (_, index) => readBooks(join(directory, `books-${index}`)))
  return {
    kills: rounds * buffers,
    killsWhileOpening,
    acknowledged: books.reduce((sum, { acknowledged }) => sum + acknowledged.size, 0),
    committed: books.reduce((sum, { committed }) => sum + committed.size, 0),
    problems,
  }
}

function start(
  settings: ManySettings,
  onProblems: (buffer: number, problems: readonly string[]) => void,
): { said(kind: ManyMessage['kind']): Promise<void>; readonly gone: Promise<void>; kill(): void } {
  const child = spawn(process.execPath, ['--conditions=@holdfast/source', PROCESS, JSON.stringify(settings)], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    env: { ...process.env, NODE_COMPILE_CACHE: join(settings.directory, 'compile-cache') },
  })
  const said = new Set<ManyMessage['kind']>()
  child.on('message', (message: ManyMessage) => {
    said.add(message.kind)
    if (message.kind === 'problems') onProblems(message.buffer, message.problems)
  })
  const gone = end(child, settings.run)
  return {
    async said(kind) {
      while (!said.has(kind)) await Promise.race([once(child, 'message'), gone])
    },
    gone,
    kill: () => void child.kill('SIGKILL'),
  }
}

async function end(child: ChildProcess, run: number): Promise<void> {
  const [code, signal] = (await once(child, 'exit', { signal: AbortSignal.timeout(HANG_MS) })) as [
    number | null,
    string | null,
  ]
  if (signal !== 'SIGKILL' && code !== 0)
    throw new Error(`Run ${run} ended by itself (code ${code}, signal ${signal}).`)
}
