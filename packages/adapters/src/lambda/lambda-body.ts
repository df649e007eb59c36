import type { HeaderPairs } from '@holdfast/webhook-receiver'
import { RawBodyUnavailableError } from '../node-http/raw-body-unavailable-error.ts'
import type { LambdaHttpEvent } from './lambda-event.ts'

/**
 * The body of an event. Without base64 it came by way of text, in which every byte that is no UTF-8 became U+FFFD.
 *
 * - `intact`: these are the bytes that were sent.
 * - `doubtful`: there is a U+FFFD, and no declared length says whether it was sent so.
 * - `lost`: the bytes that were sent are gone.
 */
export type LambdaBody =
  | { readonly state: 'intact'; readonly bytes: Uint8Array }
  | { readonly state: 'doubtful'; readonly bytes: Uint8Array; readonly error: RawBodyUnavailableError }
  | { readonly state: 'lost'; readonly error: RawBodyUnavailableError }

/** Reads the body of an event. */
export function bodyOf({ body, isBase64Encoded }: LambdaHttpEvent, headers: HeaderPairs): LambdaBody {
  if (isBase64Encoded) return { state: 'intact', bytes: Buffer.from(body ?? '', 'base64') }
  const bytes = Buffer.from(body ?? '')
  const encoding = headerOf(headers, 'content-encoding')?.trim().toLowerCase() ?? 'identity'
  if (bytes.length > 0 && encoding !== 'identity') return { state: 'lost', error: decodedBody('A compressed body') }
  if (!body?.includes('\uFFFD')) return { state: 'intact', bytes }
  const error = decodedBody('A body that is not UTF-8')
  const declared = headerOf(headers, 'content-length')
  if (declared === undefined) return { state: 'doubtful', bytes, error }
  return Number(declared) === bytes.length ? { state: 'intact', bytes } : { state: 'lost', error }
}

function decodedBody(what: string): RawBodyUnavailableError {
  return new RawBodyUnavailableError(
    `${what} was turned into text`,
    'Add `*/*` to the `binaryMediaTypes` of the REST API, so that bodies come as base64. ' +
      'HTTP APIs, function URLs and load balancers have no such setting: they go by the content type.',
  )
}

function headerOf(headers: HeaderPairs, name: string): string | undefined {
  return headers.find(([key]) => key.toLowerCase() === name)?.[1]
}
