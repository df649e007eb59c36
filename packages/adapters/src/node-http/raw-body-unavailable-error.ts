import { IntegrationError } from '@holdfast/core'

/**
 * Something read the request before the receiver could, and the bytes that the signature covers are gone. Thrown for every
 * webhook until the set-up is mended; the message names who read the body, and the line that mends it in the framework at hand.
 */
export class RawBodyUnavailableError extends IntegrationError {
  override readonly name: string = 'RawBodyUnavailableError'

  constructor(culprit: string, fix: string) {
    super({
      code: 'configuration_error',
      reason: 'raw_body_unavailable',
      message: `${culprit} before the webhook adapter, so the raw bytes that the signature covers are gone. ${fix}`,
    })
  }
}
