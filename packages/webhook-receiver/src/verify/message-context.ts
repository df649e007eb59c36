import type { RequestReader } from './request-reader.ts'

/** What a message is put together from. */
export interface MessageContext {
  readonly reader: RequestReader
  /** The time of signing, as it came. */
  readonly timestamp: string
  /** The URL, in the spelling to try. */
  readonly url: string | undefined
  /** Hashes of the body, in the order in which the template wants them. */
  readonly bodyHashes: readonly string[]
}
