import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import { BufferError } from '../../buffer/buffer-error.ts'
import { unusableDirectory } from '../unusable-directory.ts'
import type { SqliteFailure, SqliteOutcome } from '../../sqlite-kit/sqlite-batch.ts'
import type { SqliteCalls, SqliteHello, SqliteMethod, SqliteRequest } from './sqlite-calls.ts'

const RETRY_AFTER_MS = 1_000
// SQLite's result codes; the upper bits have details.
const SQLITE_BUSY = 5
const SQLITE_FULL = 13
const PRIMARY_CODE = 0xff

interface Waiting {
  readonly request: SqliteRequest
  readonly bytes: number
  readonly resolve: (value: unknown) => void
  readonly reject: (error: BufferError) => void
}

/** The database from the thread of the buffer. What comes while one batch is being committed is the next batch: one sync for all of it. */
export class SqliteThread {
  readonly epoch: number
  readonly #worker: Worker
  #waiting: Waiting[] = []
  #running: readonly Waiting[] = []
  #bytes = 0
  #isScheduled = false
  #failure: BufferError | undefined
  #isClosing = false
  #hasEnded = false

  private constructor(worker: Worker, epoch: number) {
    this.#worker = worker
    this.epoch = epoch
    worker.on('message', (outcomes: readonly SqliteOutcome[]) => this.#settle(outcomes))
    worker.on('error', (cause) => this.#fail(cause))
    worker.on('exit', () => {
      this.#hasEnded = true
      this.#fail(new Error('The thread of the database has ended.'))
    })
  }

  /**
   * Starts the thread and opens the database.
   *
   * @throws BufferError `buffer_locked`, `buffer_unusable`.
   */
  static async open(path: string): Promise<SqliteThread> {
    const worker = new Worker(programBeside(import.meta.url), {
      workerData: { path },
      // Node 22 says once in each thread that SQLite is experimental, which nobody can act upon.
      execArgv: ['--disable-warning=ExperimentalWarning'],
    })
    // It is the application that keeps the process alive.
    worker.unref()
    try {
      const [hello] = (await once(worker, 'message')) as [SqliteHello]
      if (hello.kind === 'open') return new SqliteThread(worker, hello.epoch)
      throw refusal(path, hello)
    } catch (cause) {
      await worker.terminate()
      throw cause instanceof BufferError ? cause : unusableDirectory(path, cause)
    }
  }

  /** Bytes of bodies that wait to be stored. */
  get queuedBytes(): number {
    return this.#bytes
  }

  /** Resolves when the transaction with the call is on the disk. */
  call<Method extends SqliteMethod>(
    method: Method,
    args: Parameters<SqliteCalls[Method]>,
    bytes = 0,
  ): Promise<ReturnType<SqliteCalls[Method]>> {
    return new Promise((resolve, reject) => {
      if (this.#failure !== undefined || this.#isClosing) {
        reject(this.#failure ?? new BufferError('buffer_closed', 'The buffer is closed.'))
        return
      }
      this.#bytes += bytes
      const settle = resolve as (value: unknown) => void
      this.#waiting.push({ request: { method, args }, bytes, resolve: settle, reject })
      this.#schedule()
    })
  }

  /** Waits for what was called and closes the database. */
  async close(): Promise<void> {
    if (this.#failure === undefined) await this.call('lastSeq', []).catch(() => undefined)
    this.#isClosing = true
    if (this.#hasEnded) return
    this.#worker.ref()
    const ended = once(this.#worker, 'exit')
    this.#worker.postMessage('close')
    await ended
  }

  /** One turn of the event loop, so that a batch takes everything that arrived in it. */
  #schedule(): void {
    if (this.#isScheduled || this.#running.length > 0) return
    this.#isScheduled = true
    setImmediate(() => {
      this.#isScheduled = false
      if (this.#waiting.length === 0 || this.#failure !== undefined) return
      this.#running = this.#waiting
      this.#waiting = []
      // While somebody waits for the disk the process must not end.
      this.#worker.ref()
      this.#worker.postMessage(this.#running.map(({ request }) => request))
    })
  }

  #settle(outcomes: readonly SqliteOutcome[]): void {
    const settled = this.#running
    this.#running = []
    this.#worker.unref()
    for (const [index, { bytes, resolve, reject }] of settled.entries()) {
      this.#bytes -= bytes
      const outcome = outcomes[index]
      if (outcome?.kind === 'value') resolve(outcome.value)
      else reject(writeFailure(outcome?.failure))
    }
    if (this.#waiting.length > 0) this.#schedule()
  }

  #fail(cause: unknown): void {
    if (this.#isClosing && this.#running.length + this.#waiting.length === 0) return
    this.#failure ??= new BufferError('buffer_failed', 'The thread of the database failed. Open the buffer anew.', {
      retryAfterMs: RETRY_AFTER_MS,
      cause,
    })
    for (const { reject } of [...this.#running, ...this.#waiting]) reject(this.#failure)
    this.#running = []
    this.#waiting = []
  }
}

function refusal(path: string, hello: Exclude<SqliteHello, { readonly kind: 'open' }>): BufferError {
  if (hello.kind === 'newer')
    return new BufferError('buffer_unusable', `${path} has tables of version ${hello.version}, of a later Holdfast.`)
  if (primaryCode(hello.failure) === SQLITE_BUSY)
    return new BufferError('buffer_locked', `${path} is in use. One process or thread can have it open.`)
  return new BufferError('buffer_unusable', `${path} cannot be opened as a buffer (${hello.failure.message}).`)
}

function writeFailure(failure: SqliteFailure | undefined): BufferError {
  const isFull = failure !== undefined && primaryCode(failure) === SQLITE_FULL
  return new BufferError(isFull ? 'buffer_full' : 'buffer_failed', 'The database refused a call.', {
    retryAfterMs: RETRY_AFTER_MS,
    cause: failure,
  })
}

function primaryCode({ code }: SqliteFailure): number | undefined {
  return code === undefined ? undefined : code & PRIMARY_CODE
}

/**
 * The program of the thread. As source and as a package it lies beside this module; only the ending differs. The URL is made here: one that is
 * made where the thread is started is resolved by bundlers, which fail over it.
 */
function programBeside(moduleUrl: string): URL {
  return new URL(`./sqlite-worker.${moduleUrl.endsWith('.ts') ? 'ts' : 'js'}`, moduleUrl)
}
