import { IntegrationError } from '@holdfast/core'

/** The error for a key that was checked and cannot be imported: the runtime does not know the algorithm. */
export function unsupportedAlgorithm(algorithm: string, cause: unknown): IntegrationError {
  return new IntegrationError({
    code: 'configuration_error',
    reason: 'unsupported_algorithm',
    message: `This runtime's WebCrypto cannot verify ${algorithm} signatures.`,
    cause,
  })
}
