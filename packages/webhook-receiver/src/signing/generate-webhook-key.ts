import {
  checkConnector,
  checkOptions,
  type ConfiguredKey,
  type Connector,
  either,
  type FetchedKey,
  integer,
  type KeySource,
  nonEmptyString,
  oneOf,
  type SecretFormat,
  type VerificationScheme,
} from '@holdfast/core'
import { encodeBase64, encodeHex } from '../verify/encoding.ts'
import { httpAlgorithms } from '../verify/http-signature/http-signature-keys.ts'
import { jwtKeyKinds } from '../verify/jwt/jwt-keys.ts'
import type { KeyKind } from '../verify/keys/public-key.ts'
import { signatureAlgorithms } from '../verify/signature-provider.ts'
import { webhookOf } from '../verify/verifier.ts'
import { chooseScheme, type SchemeChoice } from './choose-scheme.ts'
import { generateKeyPair, type KeyPair, writePem } from './private-key.ts'
import { publishKey } from './published-key.ts'
import { encode } from './sign-message.ts'
import { cannotSign } from './signing-error.ts'
import type { WebhookKey } from './webhook-key.ts'

export interface GenerateWebhookKeyOptions {
  readonly connector: Connector
  /** For which of the connector's schemes: its index in `verify`, or its kind. Default: the first. */
  readonly scheme?: SchemeChoice
  /** Which of the scheme's algorithms, where it has several. Default: the first. */
  readonly algorithm?: string
  /**
   * What you configure beside the provider's published key: the id of the webhook, or whom events are for. Default: a text that is
   * made up.
   */
  readonly secret?: string
}

/**
 * Makes a secret or a pair of keys of the form that a connector's scheme takes, for tests: `signRequest` signs with it, and
 * `{ connector, ...key.source }` is a source that accepts it. Where the provider publishes its keys, `source.keys` answers with
 * the public one.
 *
 * @throws InvalidOptionsError when an option is wrong, or the connector has no such scheme.
 */
export async function generateWebhookKey(options: GenerateWebhookKeyOptions): Promise<WebhookKey> {
  checkOptions('', options, {
    connector: () => undefined,
    scheme: either(integer({ min: 0 }), oneOf(...kinds)),
    algorithm: nonEmptyString,
    secret: nonEmptyString,
  })
  const { connector, algorithm } = options
  const webhook = webhookOf(checkConnector(connector, 'connector'), 'connector')
  const index = chooseScheme(webhook, options.scheme ?? 0, {}, false)
  const scheme = webhook.verify[index] as VerificationScheme
  const named = { scheme: index, ...(algorithm !== undefined && { algorithm }) }
  const shared = (secret: string): WebhookKey => ({ ...named, secret, source: { secrets: [secret] } })

  switch (scheme.scheme) {
    case 'none':
      return { ...named, source: { secrets: [] } }
    case 'token':
      return shared(randomText())
    case 'basic':
      return shared(`holdfast:${randomText()}`)
    case 'hmac':
    case 'digest':
      return shared(secretOf(scheme.secret))
    case 'signature': {
      const needsSecret = scheme.recipient !== undefined || scheme.message.some(({ part }) => part === 'secret')
      const secret = needsSecret ? (options.secret ?? randomText()) : undefined
      const { kind } = signatureAlgorithms[scheme.algorithm]
      return { ...named, ...(await publicKeyOf(kind, scheme.key, secret, false)) }
    }
    case 'jwt':
    case 'http-signature': {
      const kind = kindOf(scheme, algorithm)
      return kind === undefined || scheme.key === undefined
        ? shared(secretOf(scheme.secret))
        : { ...named, ...(await publicKeyOf(kind, scheme.key, undefined, true)) }
    }
  }
}

const kinds: readonly VerificationScheme['scheme'][] = [
  'hmac',
  'digest',
  'signature',
  'jwt',
  'http-signature',
  'token',
  'basic',
  'none',
]

const SECRET_BYTES = 32

function randomText(): string {
  return encode(randomBytes(), 'base64url')
}

function randomBytes(): Uint8Array {
  return globalThis.crypto.getRandomValues(new Uint8Array(SECRET_BYTES))
}

/** A secret as its provider writes it. */
function secretOf({ encoding, prefix = '', startsWith = '' }: SecretFormat = { encoding: 'utf8' }): string {
  const bytes = randomBytes()
  const text = encoding === 'hex' ? encodeHex(bytes) : encoding === 'base64' ? encodeBase64(bytes) : randomText()
  return startsWith + prefix.replace('*', 'test') + text
}

/** The kind of public key of an algorithm; `undefined`: it takes a shared secret. */
function kindOf(
  scheme: Extract<VerificationScheme, { scheme: 'jwt' | 'http-signature' }>,
  wanted: string | undefined,
): KeyKind | undefined {
  const algorithm = wanted ?? scheme.algorithms[0]
  const known: readonly string[] = scheme.algorithms
  if (algorithm === undefined || !known.includes(algorithm))
    throw cannotSign('algorithm', known.map((allowed) => `'${allowed}'`).join(' | '), `\`${algorithm}\``)
  if (scheme.scheme === 'jwt') return jwtKeyKinds[algorithm as keyof typeof jwtKeyKinds]
  const own = httpAlgorithms[algorithm as keyof typeof httpAlgorithms]
  return own && signatureAlgorithms[own].kind
}

async function publicKeyOf(
  kind: KeyKind,
  source: KeySource,
  secret: string | undefined,
  isNamed: boolean,
): Promise<Omit<WebhookKey, 'scheme'>> {
  const pair = await generateKeyPair(kind)
  const { privateKey } = pair
  if (source.from === 'secret') return { privateKey, source: { secrets: [configuredText(source, kind, pair)] } }
  const keyId = isNamed || namesKey(source) ? `test-${randomText()}` : undefined
  const { keys, url } = await publishKey(source, kind, pair, keyId)
  return {
    privateKey,
    keyUrl: url,
    ...(keyId !== undefined && { keyId }),
    ...(secret !== undefined && { secret }),
    source: {
      secrets: secret === undefined ? [] : [secret],
      keys,
      ...(source.url === undefined && { keyUrl: url }),
    },
  }
}

function namesKey({ keyId, kind, url }: FetchedKey): boolean {
  return keyId !== undefined || kind === 'jwks' || (typeof url === 'string' && url.includes('{keyId}'))
}

/** A public key as the application configures it. */
function configuredText(
  { format, encoding = 'base64', prefix = '' }: ConfiguredKey,
  kind: KeyKind,
  pair: KeyPair,
): string {
  if (format === 'pem') return writePem('PUBLIC KEY', pair.spki)
  const bytes = format === 'raw' ? pair.spki.subarray(-rawBytes[kind]) : pair.spki
  return prefix + (encoding === 'hex' ? encodeHex(bytes) : encodeBase64(bytes))
}

/** Length of a bare key; one of RSA is never bare. */
const rawBytes: Readonly<Record<KeyKind, number>> = Object.freeze({ ed25519: 32, p256: 65, p384: 97, rsa: 0 })
