/** Where a value of an incoming request is. A form is read as JSON is: each of its fields is a member, `/name`. */
export interface ValueSource {
  /** `claim`: of the JWT that was verified. */
  readonly from: 'header' | 'body' | 'query' | 'claim'
  /** Lower-case header name, query parameter or claim; absent for `from: 'body'`. */
  readonly name?: string
  /** JSON Pointer (RFC 6901), for `from: 'body'`. */
  readonly pointer?: string
}

/** A value of an incoming webhook, and what its signature says of it. */
export interface WebhookField extends ValueSource {
  /** Whether the signature covers it. An unsigned id is never the whole dedupe key. */
  readonly signed: boolean
}

/** The provider's id of an event. */
export interface WebhookId extends WebhookField {
  /** Further values that belong to it, where it alone does not tell every event from every other. Those that are absent are left out. */
  readonly with?: readonly ValueSource[]
}

/**
 * What must hold of a value of the request. Without `equals`, `matches` and `absent`: it is there.
 */
export interface RequestCondition extends ValueSource {
  /** The value is exactly this text. */
  readonly equals?: string
  /** The value contains this text. */
  readonly matches?: string
  /** The value is not there. */
  readonly absent?: true
}

/** When a scheme applies: a lower-case header is present, or all of the conditions hold. */
export type SchemeSelect = string | readonly RequestCondition[]
