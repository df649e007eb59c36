/** What the process is told. */
export interface ManySettings {
  /** Of the buffers and their books; the same in every run. */
  readonly directory: string
  readonly buffers: number
  readonly run: number
  readonly seed: number
  /** Events of all buffers after whose acknowledgement it says `worked`. */
  readonly worksFor: number
  /** Whether it only looks, and closes. */
  readonly isLast: boolean
}

/** What it says. */
export type ManyMessage =
  | { readonly kind: 'opening' | 'open' | 'worked' }
  | { readonly kind: 'problems'; readonly buffer: number; readonly problems: readonly string[] }
