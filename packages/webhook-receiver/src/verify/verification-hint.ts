/**
 * What probably went wrong where a signature does not fit. It was found by trying, never made the request acceptable, and is
 * for your logs: a sender is never told.
 */
export type VerificationHint =
  /** The body is empty: something has probably read it before. */
  | 'body_empty'
  /** The signature fits the body written as JSON in another way: it was parsed and written again on its way here. */
  | 'body_reencoded'
  /** It fits with white space at the end, or a byte order mark at the start, that is missing here. */
  | 'body_trimmed'
  /** It fits without white space at the end, or a byte order mark at the start, that was added on its way here. */
  | 'body_padded'
  /** It fits with other line ends. */
  | 'body_line_ends'
  /** It fits the bytes that were taken for Latin-1 and written as UTF-8. */
  | 'body_charset'
  /** It fits another scheme in the URL: http for https or the reverse, as behind a proxy. */
  | 'url_scheme'
  /** It fits the URL with or without a slash at the end of the path. */
  | 'url_trailing_slash'
  /** A secret fits without the white space around it. */
  | 'secret_whitespace'
  /** A secret fits without the quotes around it. */
  | 'secret_quotes'
  /** A secret fits when it is read in another encoding than the provider's. */
  | 'secret_encoding'
  /** A secret fits that is not accepted any more, or not yet. */
  | 'secret_not_valid_now'
  /** The time is good when it is read in seconds instead of milliseconds, or the reverse. */
  | 'timestamp_unit'
