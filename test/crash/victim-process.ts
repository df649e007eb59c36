import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { BufferName } from './buffers.ts'
import { deferred } from './deferred.ts'
import type { MutationName } from './mutations.ts'

/** Everything that one run of the victim needs to know. */
export interface VictimSettings {
  /** Directory of the buffer; the same in every run. */
  readonly directory: string
  /** File of the delivery log; the same in every run. */
  readonly logPath: string
  /** Directory for what Node.js reports of a run that hangs; the same in every run. */
  readonly reports: string
  /** Directory for compiled code; the same in every run. */
  readonly compileCache: string
  readonly buffer: BufferName
  readonly run: number
  readonly seed: number
  readonly mutation?: MutationName
}

/** What the victim says to its parent. */
export type VictimMessage = { readonly kind: 'opening' } | { readonly kind: 'listening'; readonly port: number }

/** What the parent says to the victim: stop now, or when everything is delivered. */
export type VictimCommand = 'stop' | 'drain'

/** Senders, each with a key of its own. */
export const KEYS = 32

/**
 * The victim's destinations: a fast one that is ordered by key, and a slower one in total order. A handler's place is free when it
 * has finished, but its key goes on only when the ack is written; so a kill may bring back one event per key.
 */
export const audited = {
  keyed: { concurrency: 8, redeliveriesPerKill: KEYS, order: 'key' },
  total: { concurrency: 1, redeliveriesPerKill: 1, order: 'total' },
} as const

/** A running victim. */
export interface Victim {
  /** Resolves when it is about to open the buffer. */
  readonly opening: Promise<void>
  /** Resolves with its port when it takes events. Never, when it is killed before. */
  readonly listening: Promise<number>
  /** Resolves when it is gone. Rejects when it went by itself, with what it wrote to stderr. */
  readonly gone: Promise<void>
  kill(): void
  /** Has it write a report of Node.js: its stack, and what its event loop waits for. */
  report(): void
  tell(command: VictimCommand): void
}

const VICTIM_PATH = fileURLToPath(new URL('./victim.ts', import.meta.url))

export function startVictim(settings: VictimSettings): Victim {
  const reporting = ['--report-on-signal', '--report-signal=SIGUSR2', `--report-directory=${settings.reports}`]
  const options = ['--conditions=@holdfast/source', ...reporting]
  const child = spawn(process.execPath, [...options, VICTIM_PATH, JSON.stringify(settings)], {
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    env: { ...process.env, NODE_COMPILE_CACHE: settings.compileCache },
  })
  let stderr = ''
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    stderr += text
  })
  const opening = deferred<void>()
  const listening = deferred<number>()
  child.on('message', (message: VictimMessage) => {
    if (message.kind === 'opening') opening.resolve()
    else listening.resolve(message.port)
  })
  return {
    opening: opening.promise,
    listening: listening.promise,
    gone: waitForEnd(child, settings.run, () => stderr),
    kill: () => void child.kill('SIGKILL'),
    report: () => void child.kill('SIGUSR2'),
    tell: (command) => void child.send(command),
  }
}

async function waitForEnd(child: ChildProcess, run: number, stderr: () => string): Promise<void> {
  const [code, signal] = (await once(child, 'close')) as [number | null, NodeJS.Signals | null]
  if (signal === 'SIGKILL' || code === 0) return
  throw new Error(`run ${run}: the victim ended by itself (code ${code}, signal ${signal})\n${stderr()}`)
}
