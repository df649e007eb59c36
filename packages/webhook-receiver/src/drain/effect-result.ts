import { IntegrationError } from '@holdfast/core'

const utf8 = new TextDecoder()

/** The result of an effect as a store keeps it; `error`: it cannot be kept. */
export function encodeResult(
  result: unknown,
  maxBytes: number,
): {
  readonly bytes: Uint8Array | undefined
  readonly error?: IntegrationError
} {
  if (result === undefined) return { bytes: undefined }
  try {
    const text = JSON.stringify(result) as string | undefined
    if (text !== undefined) {
      const bytes = new TextEncoder().encode(text)
      return bytes.byteLength <= maxBytes
        ? { bytes }
        : { bytes: undefined, error: tooLarge(bytes.byteLength, maxBytes) }
    }
    return { bytes: undefined, error: noJson(undefined) }
  } catch (cause) {
    return { bytes: undefined, error: noJson(cause) }
  }
}

/** The result that was kept. The caller says what it was. */
export function decodeResult<Result>(bytes: Uint8Array | undefined): Result {
  return (bytes === undefined ? undefined : JSON.parse(utf8.decode(bytes))) as Result
}

function tooLarge(bytes: number, maxBytes: number): IntegrationError {
  return new IntegrationError({
    code: 'configuration_error',
    reason: 'effect_result',
    phase: 'local',
    message: `The effect has happened, but what it returned cannot be kept: it has ${bytes} bytes, and the store takes up to ${maxBytes}. It counts as done, without a result.`,
  })
}

function noJson(cause: unknown): IntegrationError {
  return new IntegrationError({
    code: 'configuration_error',
    reason: 'effect_result',
    phase: 'local',
    message:
      'The effect has happened, but what it returned cannot be kept: it is no JSON. It counts as done, without a result.',
    ...(cause === undefined ? {} : { cause }),
  })
}
