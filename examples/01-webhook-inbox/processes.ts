import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

/** A program of the demo in its own process. */
export interface Program {
  readonly pid: number
  /** Resolves with the port that the program says it listens on; rejects when it ends before. */
  readonly port: Promise<number>
  /** Resolves when the process is gone. */
  readonly ended: Promise<{ readonly code: number | null; readonly signal: NodeJS.Signals | null }>
  tell(message: object): void
  end(signal: NodeJS.Signals): void
}

const running = new Set<ChildProcess>()

/** Starts a program of this directory; it runs with the conditions that this process was started with. */
export function start(
  file: string,
  environment: Readonly<Record<string, string>>,
  onError: (text: string) => void,
): Program {
  const child = fork(fileURLToPath(new URL(file, import.meta.url)), {
    env: { ...process.env, ...environment },
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  })
  running.add(child)
  child.stderr?.setEncoding('utf8').on('data', onError)
  const ended = once(child, 'exit').then(([code, signal]: unknown[]) => {
    running.delete(child)
    return { code, signal } as Awaited<Program['ended']>
  })
  const announced = once(child, 'message').then(([message]) => (message as { port: number }).port)
  const port = Promise.race([
    announced,
    ended.then(() => Promise.reject(new Error(`${file} ended before it listened`))),
  ])
  // Nobody asks the sender for a port, and a program that is asked may be killed before it has one.
  port.catch(() => undefined)
  return {
    pid: child.pid ?? 0,
    port,
    ended,
    tell: (message) => void child.send(message),
    end: (signal) => void child.kill(signal),
  }
}

/** Kills whatever is still running. */
export function endAll(): void {
  for (const child of running) child.kill('SIGKILL')
}

// A child also ends by itself when its channel to this process breaks, so that not even SIGKILL leaves one behind.
process.on('exit', endAll)
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => process.exit(130))
