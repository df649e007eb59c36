import { type ChildProcessByStdio, spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import type { Readable, Writable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import { onTestFinished } from 'vitest'

/** A process that uses a store on disk, and what it says. */
export interface StoreClient {
  readonly process: ChildProcessByStdio<Writable, Readable, null>
  readonly lines: AsyncIterator<string>
}

/** Starts one. `maxFileKib`: no file can become larger, as on a disk that is full. */
export function startClient(
  args: readonly string[],
  { maxFileKib }: { readonly maxFileKib?: number } = {},
): StoreClient {
  const program = fileURLToPath(new URL('./file-store-client.ts', import.meta.url))
  const command = [process.execPath, '--conditions=@holdfast/source', program, ...args]
  const limited = ['/bin/bash', '-c', `ulimit -f ${maxFileKib} && exec "$@"`, 'limited', ...command]
  const [file = '', ...rest] = maxFileKib === undefined ? command : limited
  const child = spawn(file, rest, { stdio: ['pipe', 'pipe', 'inherit'] })
  onTestFinished(() => {
    child.kill('SIGKILL')
  })
  return { process: child, lines: createInterface({ input: child.stdout })[Symbol.asyncIterator]() }
}

/** What it says next. */
export async function nextLine({ lines }: StoreClient): Promise<string> {
  const next = await lines.next()
  if (next.done === true) throw new Error('The process has ended.')
  return next.value
}
