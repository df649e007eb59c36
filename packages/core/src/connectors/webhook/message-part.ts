/**
 * A piece of the signed message; the message is the pieces in order, as bytes. A value that is not there refuses the request,
 * or, with `optional`, leaves the whole piece out, affixes included.
 */
export type MessagePart = MessageAffixes &
  (
    | { readonly part: 'literal'; readonly value: string }
    /** The raw bytes of the body. */
    | { readonly part: 'body' }
    /** A hash of the body, written as text. CRC-32 is no protection: anybody finds another body that has the same, so it covers nothing. */
    | {
        readonly part: 'bodyHash'
        readonly hash: 'sha1' | 'sha256' | 'sha512' | 'crc32'
        readonly encoding: 'hex' | 'base64' | 'decimal'
      }
    /** The time of signing, as it came. */
    | { readonly part: 'timestamp' }
    /** The event id, as it came. */
    | { readonly part: 'id' }
    /** The method, in upper case. */
    | { readonly part: 'method' }
    /** The URL that the sender used, or a part of it, as it came. */
    | {
        readonly part: 'url'
        /** Default: `full`. */
        readonly form?: 'full' | 'pathAndQuery' | 'path'
        /** Other spellings of the URL that the provider may have signed; one that fits suffices. */
        readonly variants?: readonly UrlVariant[]
        /** The query's parameters are sorted by name and value. */
        readonly sortQuery?: true
      }
    /** A header's value. */
    | { readonly part: 'header'; readonly name: string }
    /** The headers that another header lists. */
    | {
        readonly part: 'headerList'
        /** Lower-case name of the header with the list. */
        readonly listedIn: string
        /** Between the names in it. */
        readonly separator: string
        /** Between a name, in lower case, and its value in the message. */
        readonly pair: string
        /** Between the headers in the message. */
        readonly join: string
        /** By name. Default: in the order of the list. */
        readonly sorted?: true
      }
    /** A parameter of the query, decoded. */
    | { readonly part: 'query'; readonly name: string; readonly lowerCase?: true }
    /** A value of the JSON or form body as text: strings without escapes, numbers digit by digit. */
    | {
        readonly part: 'field'
        readonly pointer: string
        /** Stands for a value that is not there. */
        readonly absentAs?: string
      }
    /** The decoded fields of a form, sorted by name. A body that is neither a form nor empty is refused. */
    | {
        readonly part: 'sortedForm'
        /** What a name with several values gives: its distinct values sorted, all of them sorted, or all as they came. */
        readonly duplicates: 'unique_sorted' | 'sorted' | 'in_order'
        /** Text between name and value, and after each value. Default: none. */
        readonly pair?: { readonly between?: string; readonly after?: string }
        /** Text before the fields, where there are any: after a URL with a query, and after one without. Default: none. */
        readonly lead?: { readonly afterQuery: string; readonly afterPath: string }
      }
    /** The secret itself. */
    | { readonly part: 'secret' }
  )

/** Text around a piece. */
export interface MessageAffixes {
  readonly before?: string
  readonly after?: string
  /** Leaves the piece out where its value is not there. Default: the request is refused. */
  readonly optional?: true
}

/** Another spelling of a URL. Several are combined, each applied to those before it. */
export type UrlVariant =
  /** With the port that the scheme has anyway, `:443` or `:80`. */
  | 'with_default_port'
  /** Without a port. */
  | 'without_port'
  /** Without `user:password@`. */
  | 'without_credentials'
  /** As the WHATWG URL standard writes it. */
  | 'normalized'
  /** With the query read and written again by the rules of Node's `querystring`. */
  | 'legacy_query'
  /** With `%3A %2F %3F %40 %21 %24 %27 %28 %29 %2A %2C %3B` decoded, as HubSpot does. */
  | 'percent_decoded'
  /** With path and query encoded once more, the query as a single value, as Contentful does. */
  | 'encode_uri'
