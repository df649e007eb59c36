import { BufferError } from '../buffer/buffer-error.ts'

/** Whether a buffer is open. Opening and closing never overlap, whoever asks for them and when. */
export interface Lifetime {
  /** @throws BufferError `buffer_closed` unless the buffer is open. */
  requireOpen(): void
  /**
   * Opens with `work`, after a closing that is under way. Where `work` fails the buffer is closed as before.
   *
   * @throws BufferError `buffer_locked` when the buffer is open or about to be.
   */
  open<Report>(work: () => Promise<Report>): Promise<Report>
  /** Closes with `work`, after an opening that is under way. Nothing is done where the buffer is closed; who asks meanwhile waits for the same. */
  close(work: () => Promise<void>): Promise<void>
}

/** Makes the lifetime of a buffer that is closed. */
export function createLifetime(): Lifetime {
  let state: 'closed' | 'opening' | 'open' | 'closing' = 'closed'
  let underWay: Promise<unknown> = Promise.resolve()

  /** What fails leaves the buffer closed, whether it was to open or to close. */
  const run = async <Outcome>(work: () => Promise<Outcome>, next: 'open' | 'closed'): Promise<Outcome> => {
    try {
      const outcome = await work()
      state = next
      return outcome
    } catch (error) {
      state = 'closed'
      throw error
    }
  }

  const settled = (): Promise<unknown> => underWay.catch(() => undefined)

  return {
    requireOpen() {
      if (state !== 'open') throw new BufferError('buffer_closed', 'The buffer is not open.')
    },
    async open(work) {
      if (state === 'closing') await settled()
      if (state !== 'closed') throw new BufferError('buffer_locked', 'The buffer is open already.')
      state = 'opening'
      const opening = run(work, 'open')
      underWay = opening
      return await opening
    },
    async close(work) {
      if (state === 'opening') await settled()
      if (state === 'open') {
        state = 'closing'
        underWay = run(work, 'closed')
      }
      if (state === 'closing') await underWay
    },
  }
}
