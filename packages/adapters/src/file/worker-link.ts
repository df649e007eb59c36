import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import type { SqliteOutcome } from '@holdfast/webhook-receiver/sqlite-kit'
import type { StoreHello, StoreRequest, StoreThreadData } from './store-calls.ts'
import { failureError, threadError, unusableError } from './store-error.ts'

/** One opening of a database, in a thread of its own. */
export class WorkerLink {
  readonly #worker: Worker
  readonly #path: string
  #hasEnded = false
  #cause: unknown = new Error('It has ended.')

  private constructor(worker: Worker, path: string) {
    this.#worker = worker
    this.#path = path
    worker.on('error', (cause) => {
      this.#cause = cause
    })
    worker.on('exit', () => {
      this.#hasEnded = true
    })
  }

  /**
   * Starts the thread and opens the database.
   *
   * @throws IntegrationError that says why it cannot be opened.
   */
  static async open(data: StoreThreadData): Promise<WorkerLink> {
    const program = programBeside(import.meta.url)
    const worker = new Worker(program, { workerData: data, execArgv: argumentsOf(program) })
    const link = new WorkerLink(worker, data.path)
    try {
      const [hello] = (await once(worker, 'message')) as [StoreHello]
      if (hello.kind === 'failure') throw failureError(data.path, hello.failure)
      if (hello.kind === 'newer')
        throw unusableError(data.path, `its tables are of version ${hello.version}, of a later Holdfast`)
      worker.unref()
      return link
    } catch (error) {
      await worker.terminate()
      throw error
    }
  }

  /**
   * Does what is asked, in one transaction.
   *
   * @throws IntegrationError `store_failed` when the thread ends before it answers.
   */
  async ask(requests: readonly StoreRequest[]): Promise<readonly SqliteOutcome[]> {
    // While somebody waits for the disk the process must not end.
    this.#worker.ref()
    try {
      return await new Promise((resolve, reject) => {
        const onEnd = (): void => reject(threadError(this.#path, this.#cause))
        if (this.#hasEnded) {
          onEnd()
          return
        }
        this.#worker.once('exit', onEnd)
        this.#worker.once('message', (outcomes: readonly SqliteOutcome[]) => {
          this.#worker.off('exit', onEnd)
          resolve(outcomes)
        })
        this.#worker.postMessage(requests)
      })
    } finally {
      this.#worker.unref()
    }
  }

  /** Closes the database and ends the thread. */
  async close(): Promise<void> {
    if (this.#hasEnded) return
    this.#worker.ref()
    const ended = once(this.#worker, 'exit')
    this.#worker.postMessage('close')
    await ended
  }
}

/**
 * The program of the thread. As source and as a package it lies beside this module; only the ending differs. The URL is made here: one that is
 * made where the thread is started is resolved by bundlers, which fail over it.
 */
function programBeside(moduleUrl: string): URL {
  return new URL(`./file-store-worker.${moduleUrl.endsWith('.ts') ? 'ts' : 'js'}`, moduleUrl)
}

function argumentsOf(program: URL): string[] {
  return [
    // Node 22 says once in each thread that SQLite is experimental, which nobody can act upon.
    '--disable-warning=ExperimentalWarning',
    // As source it imports the source of other packages.
    ...(program.pathname.endsWith('.ts') ? ['--conditions=@holdfast/source'] : []),
  ]
}
