import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { ServerReport } from './serve-listener.ts'

/** A server in a process of its own. */
export interface ServerProcess {
  readonly port: number
  /** What it says of its event loop, if it is one that `serveListener` serves. */
  report(): Promise<ServerReport>
  /** Resolves when it is gone. */
  stop(): Promise<void>
}

/**
 * Starts a module of this folder. It tells its port in one message, `{ port }`, and ends when its parent hangs up.
 */
export async function startServer(module: string, ...args: readonly string[]): Promise<ServerProcess> {
  const child = startModule(module, args)
  const message = await nextMessage<{ readonly port: number }>(child)
  return {
    port: message.port,
    report() {
      child.send('report')
      return nextMessage<ServerReport>(child)
    },
    async stop() {
      const ended = once(child, 'exit')
      child.disconnect()
      await ended
    },
  }
}

/** Starts a module of this folder with a channel for messages. */
export function startModule(
  module: string,
  args: readonly string[],
  nodeOptions: readonly string[] = [],
): ChildProcess {
  const path = fileURLToPath(new URL(module, import.meta.url))
  return spawn(process.execPath, ['--conditions=@holdfast/source', ...nodeOptions, path, ...args], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  })
}

/** The next thing that the process says. */
export async function nextMessage<T>(child: ChildProcess): Promise<T> {
  return await new Promise<T>((resolve, reject) => {
    const onExit = (code: number | null): void => reject(new Error(`${child.spawnargs.join(' ')} ended with ${code}`))
    child.once('exit', onExit)
    child.once('message', (message) => {
      child.off('exit', onExit)
      resolve(message as T)
    })
  })
}
