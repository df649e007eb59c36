import {
  boolean,
  checkOptions,
  type Clock,
  durationMs,
  either,
  integer,
  InvalidOptionsError,
  nonEmptyString,
  callback,
  plainObject,
  type WebhookDescription,
} from '@holdfast/core'
import { type AnswerHandshake, handshakeAnswerer } from '../handshake/answer-handshake.ts'
import { type CompiledHandshakes, compileHandshakes } from '../handshake/compile-handshakes.ts'
import { checkHandshakeOptions } from '../handshake/handshake-options.ts'
import type { HashProvider } from '../verify/hash-provider.ts'
import { type CompiledVerifier, compileVerifier, webhookOf } from '../verify/verifier.ts'
import { type UrlOfRequest, urlOfRequest } from './public-url.ts'
import type { PartitionKey, SourceOptions } from './receiver.ts'

/** Defaults of a source. GitHub sends up to 25 MiB, the most of the providers. */
export const defaultSourceOptions: Readonly<{ maxBodyBytes: number }> = Object.freeze({ maxBodyBytes: 26_214_400 })

/** A source whose connector and secrets were checked and prepared. */
export interface ResolvedSource {
  readonly name: string
  readonly webhook: WebhookDescription
  readonly verifier: CompiledVerifier
  readonly handshakes: CompiledHandshakes
  readonly answerHandshake: AnswerHandshake
  readonly urlOf: UrlOfRequest
  readonly partitionKey: PartitionKey | undefined
  readonly maxBodyBytes: number
  /** In the place of the connector's. */
  readonly toleranceMs: number | undefined
}

/**
 * Checks and prepares a source.
 *
 * @throws InvalidOptionsError for the first option that is wrong, with its path. Secrets are never shown.
 */
export function resolveSource(name: string, source: SourceOptions, hashes: HashProvider, clock: Clock): ResolvedSource {
  const path = `sources.${name}`
  const wrong = plainObject(source)
  if (wrong !== undefined) {
    // It may be the secret itself.
    throw new InvalidOptionsError({
      path,
      expected: wrong,
      received: undefined,
      receivedText: `a value of type ${typeof source}`,
    })
  }
  checkOptions(path, source, {
    connector: () => undefined,
    secrets: () => undefined,
    allowUnverified: boolean,
    toleranceMs: durationMs(),
    keys: () => undefined,
    keyUrl: () => undefined,
    publicUrl: either(nonEmptyString, callback),
    handshake: plainObject,
    partitionKey: callback,
    maxBodyBytes: integer({ min: 1 }),
  })
  const verifier = compileVerifier(path, source, hashes, { clock, source: name })
  const webhook = webhookOf(source.connector, `${path}.connector`)
  const options = checkHandshakeOptions(`${path}.handshake`, source.handshake ?? {}, source.secrets)
  return {
    name,
    webhook,
    verifier,
    handshakes: compileHandshakes(webhook),
    answerHandshake: handshakeAnswerer({ source: name, webhook, options, secrets: verifier, hashes }),
    urlOf: urlOfRequest(`${path}.publicUrl`, source.publicUrl, webhook),
    partitionKey: source.partitionKey,
    maxBodyBytes: source.maxBodyBytes ?? defaultSourceOptions.maxBodyBytes,
    toleranceMs: source.toleranceMs,
  }
}
