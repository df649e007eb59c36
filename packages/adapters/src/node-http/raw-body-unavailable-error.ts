import { IntegrationError } from '@holdfast/core'

/**
 * Something read the request before the receiver could, and the bytes that the signature covers are gone. Thrown by the
 * Node adapters for every webhook until the set-up is mended: mount the webhook route before the parser that the message names.
 */
export class RawBodyUnavailableError extends IntegrationError {
  override readonly name: string = 'RawBodyUnavailableError'

  constructor(culprit: string) {
    super({
      code: 'configuration_error',
      reason: 'raw_body_unavailable',
      message:
        `${culprit} before the webhook adapter, so the raw bytes that the signature covers are gone. ` +
        'Mount the webhook route before it, or give the route `express.raw({ type: () => true, inflate: false, limit: … })`.',
    })
  }
}
