import type { Clock } from '@holdfast/core'

/** Everything that the command line touches outside of itself. */
export interface CliIo {
  /** Results. */
  readonly stdout: TextSink
  /** Progress, hints and errors. */
  readonly stderr: TextSink
  readonly stdin: AsyncIterable<Uint8Array>
  readonly clock: Clock
  readonly env: Readonly<Record<string, string | undefined>>
  /** Aborts when the user wants to stop. */
  readonly signal: AbortSignal
}

/** Somewhere to write text. */
export interface TextSink {
  readonly isTerminal: boolean
  /** Columns of the terminal; 80 where there is none. */
  readonly columns: number
  /** Resolves when more can be written. Rejects when nobody reads any more. */
  write(text: string): Promise<void>
}

/** A mistake of the user, told without a stack. Ends with the exit code 2. */
export class UsageError extends Error {
  override readonly name: string = 'UsageError'
}

/** The command worked, and what it looked at is not in order. Ends with the exit code 1. */
export class FindingError extends Error {
  override readonly name: string = 'FindingError'
}
