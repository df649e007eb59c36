import type { HeaderPairs, StoredEvent } from '../buffer/event-buffer.ts'

/** A verified, stored event as a destination gets it. */
export interface WebhookEvent extends Omit<StoredEvent, 'headers'> {
  readonly headers: Headers
  /** The headers as they came. */
  readonly rawHeaders: HeaderPairs
  /**
   * The bytes as they came. Copy them before changing them: a repeat and the dead letter share them. Other events may have their bytes in the same
   * `body.buffer`, as with any `Buffer` of Node.
   */
  readonly body: StoredEvent['body']
  /** The body decoded as UTF-8. */
  text(): string
  /**
   * The body parsed as JSON; parsed once.
   *
   * @throws SyntaxError when it is not JSON.
   */
  json(): unknown
}
