import type { ValueSource } from './value-source.ts'

/** How bytes are written: hexadecimal of either case, base64 or its URL-safe form, both with or without padding. */
export type SignatureEncoding = 'hex' | 'base64' | 'base64url'

/** Where the signatures of a request are. With several, one that fits suffices. */
export interface SignatureSource extends ValueSource {
  /** Further lower-case headers that may hold a signature, for instance one for each key. */
  readonly also?: readonly string[]
  /** Reads the headers that `name` gives with `{n}` replaced by 1 up to this number, as far as they are there. */
  readonly numbered?: number
  /** How they stand in the value. Default: `plain`. */
  readonly format?: SignatureFormat
}

/** How signatures stand in a header or a field. */
export type SignatureFormat =
  /** The whole value, after an optional fixed prefix such as `sha256=`. */
  | { readonly kind: 'plain'; readonly prefix?: string }
  /** Every item of a list, or every one that starts with `prefix`. */
  | { readonly kind: 'list'; readonly separator: string; readonly prefix?: string }
  /** `k=v` pairs; every value of `key` is one. */
  | {
      readonly kind: 'keyValue'
      readonly separator: string
      readonly key: string
      /** Between key and value. Default: `=`. */
      readonly pairSeparator?: string
    }
  /** Tagged items, for example `v1,AAAA v1,BBBB`; every item with `tag` is one. */
  | { readonly kind: 'taggedList'; readonly separator: string; readonly tagSeparator: string; readonly tag: string }
  /** Every item of a list from an index on; what stands before is something else, for example the time. */
  | { readonly kind: 'positional'; readonly separator: string; readonly from: number }
  /** Pairs of a key's name and a signature, for example `key|AAAA&key|BBBB`; the second of each is one. */
  | { readonly kind: 'pairs'; readonly separator: string; readonly pairSeparator: string }
  /** JSON in base64, with the signature at a JSON Pointer. */
  | { readonly kind: 'base64Json'; readonly pointer: string }

/**
 * How a time is written. `epoch` is seconds or milliseconds, told apart by size; `rfc3339` has a fraction of any length. In the
 * message it always stands as it came.
 */
export type TimeFormat = 'epoch_s' | 'epoch_ms' | 'epoch' | 'rfc3339'

/** Where the time of signing is and how it is judged. */
export interface SignatureTimestamp extends ValueSource {
  /** Key among the `k=v` pairs of the value, for example `t` in `t=1,v1=…`. Without it and `index` the whole value is the time. */
  readonly key?: string
  /** Index in the list that the value is, where signatures are `positional`. */
  readonly index?: number
  readonly format: TimeFormat
  /**
   * Allowed distance from the arrival time, both ways, in milliseconds. Absent: the provider documents none, and the time is
   * judged only where the application sets one.
   */
  readonly toleranceMs?: number
}
