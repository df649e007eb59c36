import { IntegrationError } from '@holdfast/core'

const RETRY_AFTER_MS = 5_000

/** A challenge that is absent, comes several times, or has characters or a length that no challenge of the provider has. */
export function malformedChallenge(handshake: string): IntegrationError {
  return badRequest('malformed_challenge', `The challenge of \`${handshake}\` is not what the provider sends.`)
}

/** A secret that is absent, comes several times, or could not be a header's value. */
export function malformedSecret(handshake: string): IntegrationError {
  return badRequest('malformed_secret', `The secret that \`${handshake}\` hands over is not what the provider sends.`)
}

/** A request that is neither an event nor one of the connector's handshakes. */
export function notAHandshake(method: string): IntegrationError {
  return badRequest('not_a_handshake', `Events come as POST, and this ${method} is no handshake of the connector.`)
}

/** The text that the request shows is another than `handshake.verifyToken`. */
export function wrongVerifyToken(handshake: string): IntegrationError {
  return forbidden(
    'wrong_verify_token',
    `\`${handshake}\` shows another text than \`handshake.verifyToken\` of the source.`,
  )
}

/** A secret is handed over, and none is expected. */
export function secretNotExpected(handshake: string): IntegrationError {
  return forbidden(
    'secret_not_expected',
    `\`${handshake}\` hands over a secret, and none is expected: the source has no \`handshake.saveSecret\`, ` +
      'has a secret already, or its `handshake.acceptSecret` said no.',
  )
}

/** The secret could not be stored; the provider is asked to come again. */
export function secretNotSaved(cause: unknown): IntegrationError {
  return new IntegrationError({
    code: 'overloaded',
    reason: 'secret_not_saved',
    message:
      'The secret that was handed over could not be stored: `handshake.saveSecret`, `acceptSecret` or `secrets` failed.',
    retryAfterMs: RETRY_AFTER_MS,
    cause,
  })
}

/** The application did not say what the answer needs. */
export function missingSetting(handshake: string, option: string, reason: string): IntegrationError {
  return new IntegrationError({
    code: 'configuration_error',
    reason,
    message: `\`${handshake}\` cannot be answered without \`${option}\` of the source.`,
  })
}

function badRequest(reason: string, message: string): IntegrationError {
  return new IntegrationError({ code: 'invalid_request', reason, message })
}

function forbidden(reason: string, message: string): IntegrationError {
  // The sender is not allowed to do this; no customer's permission is meant.
  return new IntegrationError({ code: 'permission_denied', reason, message, fault: 'caller' })
}
