import type { SecretFormat, SignedMessage, VerificationScheme } from '@holdfast/core'
import { bodyProbes } from './body-probes.ts'
import type { MaybePromise } from './maybe-promise.ts'
import { RequestReader } from './request-reader.ts'
import { joinUrl, splitUrl } from './request-url.ts'
import type { CompiledScheme } from './scheme.ts'
import type { VerifiableRequest } from './verifiable-request.ts'
import type { VerificationHint } from './verification-hint.ts'
import type { NotVerified, VerifyResult } from './verify-result.ts'
import { type CheckedSecret, isValidAt } from './webhook-secret.ts'

/** A scheme that failed, and how it is prepared otherwise. */
export interface ProbedScheme extends CompiledScheme {
  readonly scheme: VerificationScheme
  readonly secrets: readonly CheckedSecret[]
  readonly compile: (scheme: VerificationScheme, secrets: readonly CheckedSecret[]) => CompiledScheme
}

/** Something to try, and what it means when it passes. */
export interface Probe {
  readonly hint: VerificationHint
  readonly verify: () => MaybePromise<VerifyResult>
}

/** Everything that is tried with a request that failed; the cheap and likely things first. */
export function* schemeProbes(failure: NotVerified, reader: RequestReader, probed: ProbedScheme): Generator<Probe> {
  const { scheme, secrets, compile } = probed
  if (failure.code === 'timestamp_stale') {
    const other = withOtherUnit(scheme)
    if (other !== undefined) yield { hint: 'timestamp_unit', verify: () => compile(other, secrets).verify(reader) }
    return
  }
  for (const { hint, changed } of secretProbes(secrets, reader.request.receivedAt)) {
    if (changed.length > 0) yield { hint, verify: () => compile(scheme, changed).verify(reader) }
  }
  for (const other of withOtherSecretFormats(scheme)) {
    yield { hint: 'secret_encoding', verify: () => compile(other, secrets).verify(reader) }
  }
  if (!isSigned(scheme)) return
  const retry = (change: Partial<VerifiableRequest>) => () =>
    probed.verify(new RequestReader({ ...reader.request, ...change }))
  if (scheme.message.some(({ part }) => part === 'url')) {
    for (const { hint, url } of urlProbes(reader.request.url)) yield { hint, verify: retry({ url }) }
  }
  for (const { hint, body } of bodyProbes(reader.request.body)) yield { hint, verify: retry({ body }) }
}

interface SecretProbe {
  readonly hint: VerificationHint
  readonly changed: readonly CheckedSecret[]
}

function secretProbes(secrets: readonly CheckedSecret[], receivedAt: number): readonly SecretProbe[] {
  const rewritten = (rewrite: (value: string) => string): readonly CheckedSecret[] =>
    secrets.flatMap((secret) => {
      const value = rewrite(secret.value)
      return value === secret.value || value === '' ? [] : [{ ...secret, value }]
    })
  const notNow = secrets.filter((secret) => !isValidAt(secret, receivedAt))
  return [
    {
      hint: 'secret_not_valid_now',
      changed: notNow.map((secret) => ({ ...secret, notBefore: -Infinity, notAfter: Infinity })),
    },
    { hint: 'secret_whitespace', changed: rewritten((value) => value.trim()) },
    { hint: 'secret_quotes', changed: rewritten((value) => value.replace(/^(["'`])(.*)\1$/s, '$2')) },
  ]
}

function withOtherSecretFormats(scheme: VerificationScheme): readonly VerificationScheme[] {
  if (scheme.scheme !== 'hmac' && scheme.scheme !== 'digest') return []
  const { encoding, prefix } = scheme.secret
  const encodings = (['utf8', 'base64', 'hex'] as const).filter((other) => other !== encoding)
  // Standard Webhooks made the prefix `whsec_` known; not everybody who writes it means base64, and not everybody writes it.
  const formats: readonly SecretFormat[] = [
    ...encodings.map((other): SecretFormat => ({ encoding: other })),
    ...encodings.map((other): SecretFormat => ({ encoding: other, prefix: prefix ?? 'whsec_' })),
  ]
  return formats.map((secret) => ({ ...scheme, secret }))
}

function withOtherUnit(scheme: VerificationScheme): VerificationScheme | undefined {
  if (!isSigned(scheme) || scheme.timestamp === undefined) return undefined
  const { timestamp } = scheme
  if (timestamp.format !== 'epoch_s' && timestamp.format !== 'epoch_ms') return undefined
  return { ...scheme, timestamp: { ...timestamp, format: timestamp.format === 'epoch_s' ? 'epoch_ms' : 'epoch_s' } }
}

function isSigned(scheme: VerificationScheme): scheme is Extract<VerificationScheme, SignedMessage> {
  return 'message' in scheme
}

interface UrlProbe {
  readonly hint: VerificationHint
  readonly url: string
}

function urlProbes(url: string | undefined): readonly UrlProbe[] {
  if (url === undefined) return []
  const pieces = splitUrl(url)
  const { scheme, path } = pieces
  return [
    { hint: 'url_scheme', url: joinUrl({ ...pieces, scheme: scheme === 'https://' ? 'http://' : 'https://' }) },
    {
      hint: 'url_trailing_slash',
      url: joinUrl({ ...pieces, path: path.endsWith('/') ? path.slice(0, -1) : `${path}/` }),
    },
  ]
}
