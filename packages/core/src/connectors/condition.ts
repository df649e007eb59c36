/** A JSON value. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json }

/**
 * What a rule looks at: all that is given must hold. With both `header` and `pointer`, `equals`, `in` and `matches` apply to
 * the pointer's value.
 */
export interface ErrorCondition {
  readonly status?: number | readonly number[]
  /** Lower-case response header; with `equals`, `in` or `matches`, or alone: it is present. */
  readonly header?: string
  /** JSON Pointer (RFC 6901) into the body; with `equals`, `in` or `matches`, or alone: it exists. */
  readonly pointer?: string
  readonly equals?: Json
  readonly in?: readonly Json[]
  /** Case-insensitive substring. */
  readonly matches?: string
}

/** An answer as an example carries it. */
export interface ExampleAnswer {
  readonly status: number
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: Json
}
