import { join, resolve as resolvePath } from 'node:path'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { nodeFileSystem } from '@holdfast/webhook-receiver/disk'
import type { StoreRequest, StoreThreadData } from './store-calls.ts'
import { closedError, failureError, needsReopening, unusableError } from './store-error.ts'
import { WorkerLink } from './worker-link.ts'

type Method = (...args: never[]) => unknown

interface Waiting {
  readonly request: StoreRequest
  readonly resolve: (value: unknown) => void
  readonly reject: (error: unknown) => void
}

/**
 * A database from the thread of the application. It is opened by the first call, and again by the next one after a failure. What comes while one batch is
 * being committed is the next batch: one sync for all of it.
 */
export class StoreThread<Calls extends { readonly [Name in keyof Calls]: Method }> {
  readonly #directory: string
  readonly #data: StoreThreadData
  #link: WorkerLink | undefined
  #waiting: Waiting[] = []
  #running: Promise<void> | undefined
  #isClosed = false

  constructor(
    directory: string,
    { content, synced = [] }: Pick<StoreThreadData, 'content'> & Partial<StoreThreadData>,
  ) {
    this.#directory = resolvePath(directory)
    this.#data = { path: join(this.#directory, `${content}.db`), content, synced }
  }

  /** Resolves when the transaction with the call is committed. */
  call<Name extends keyof Calls & string>(
    method: Name,
    ...args: Parameters<Calls[Name]>
  ): Promise<ReturnType<Calls[Name]>> {
    return new Promise((resolve, reject) => {
      if (this.#isClosed) {
        reject(closedError())
        return
      }
      this.#waiting.push({ request: { method, args }, resolve: resolve as (value: unknown) => void, reject })
      this.#running ??= this.#run()
    })
  }

  /** Waits for what was called and closes the file. Calls that come later are refused. */
  async close(): Promise<void> {
    this.#isClosed = true
    await this.#running
    const link = this.#link
    this.#link = undefined
    await link?.close()
  }

  async #run(): Promise<void> {
    while (this.#waiting.length > 0) {
      // One turn of the event loop, so that a batch takes everything that arrived in it.
      await nextTurn()
      const batch = this.#waiting
      this.#waiting = []
      try {
        this.#link ??= await this.#open()
        await this.#runBatch(this.#link, batch)
      } catch (error) {
        this.#link = undefined
        for (const { reject } of batch) reject(error)
      }
    }
    this.#running = undefined
  }

  async #open(): Promise<WorkerLink> {
    try {
      await nodeFileSystem().makeDirectory(this.#directory)
    } catch (cause) {
      const { code } = cause as { readonly code?: unknown }
      throw unusableError(this.#data.path, `its directory cannot be made (${String(code)})`, cause)
    }
    return WorkerLink.open(this.#data)
  }

  async #runBatch(link: WorkerLink, batch: readonly Waiting[]): Promise<void> {
    const outcomes = await link.ask(batch.map(({ request }) => request))
    let isSound = true
    for (const [index, { resolve, reject }] of batch.entries()) {
      const outcome = outcomes[index]
      if (outcome?.kind === 'value') resolve(outcome.value)
      else if (outcome !== undefined) {
        reject(failureError(this.#data.path, outcome.failure))
        isSound &&= !needsReopening(outcome.failure)
      }
    }
    if (isSound) return
    this.#link = undefined
    await link.close()
  }
}
