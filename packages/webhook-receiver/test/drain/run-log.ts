import type { Clock } from '@holdfast/core'

/** What happened in a random run, for whoever has to find out how it went wrong. */
export interface RunLog {
  note(what: string): void
  /** Notes what must not happen. It does not throw: in a handler that would only be one more failure of the event. */
  wrong(what: string): void
}

/** Plays a run. Throws where something went wrong: the seed, the first of it, and the log. */
export async function playLogged(
  seed: number,
  clock: Pick<Clock, 'monotonicMs'>,
  play: (log: RunLog) => Promise<void>,
): Promise<void> {
  const lines: string[] = []
  let first: string | undefined
  const note = (what: string): void => {
    lines.push(`${clock.monotonicMs()} ms: ${what}`)
  }
  const wrong = (what: string): void => {
    first ??= what
    note(`!!! ${what}`)
  }
  await play({ note, wrong }).catch((error: unknown) =>
    wrong(error instanceof Error ? `${error.stack}` : String(error)),
  )
  if (first !== undefined) throw new Error(`seed ${seed}: ${first}\n\n${lines.join('\n')}`)
}
