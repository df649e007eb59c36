import type { UpstreamFault } from './upstream-faults.ts'

/** A request as an upstream got it, and what it did with it. */
export interface UpstreamRequest {
  /** In capitals. */
  readonly method: string
  readonly url: string
  /** The path alone, without the query. */
  readonly path: string
  /** By their names in lower case; of a field that was sent several times, the values joined with commas. */
  readonly headers: Readonly<Record<string, string>>
  /** The bytes as they arrived. */
  readonly body: Uint8Array
  /** The body as UTF-8 text. */
  readonly text: string
  /** When it had arrived, in milliseconds since the epoch, on the upstream's clock. */
  readonly atMs: number
  /** Which connection it came on, counted from 1; 0 where there are no connections. */
  readonly connection: number
  /** The status of its reply, which a `fault` may keep from arriving; `undefined` until the reply is chosen. */
  readonly status: number | undefined
  /** What went wrong on purpose. */
  readonly fault: UpstreamFault | undefined
  /** Whether a limit refused it. */
  readonly isRefused: boolean
}

/** What a player knows of a request that has arrived. */
export interface ArrivedRequest {
  readonly method: string
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: Uint8Array
  readonly connection: number
}
