import type { RecordingServer } from './recording-server.ts'

/** What a program runs against: some fetch, and a server of its own. */
export interface ProgramContext {
  readonly fetch: typeof globalThis.fetch
  readonly url: string
  readonly server: RecordingServer
}

/** A small program that uses fetch and returns everything that it could see. */
export type Program = (context: ProgramContext) => Promise<unknown>

export type Programs = Readonly<Record<string, Program>>

/** An `init` that TypeScript knows to be wrong, or an extension of Node's fetch. */
export function loose(init: unknown): RequestInit {
  return init as RequestInit
}
