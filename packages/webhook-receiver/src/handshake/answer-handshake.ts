import { challengePattern, type Handshake, type WebhookDescription } from '@holdfast/core'
import type { IncomingWebhook, WebhookReply } from '../receiver/receiver.ts'
import { utf8ByteString } from '../verify/encoding.ts'
import type { HashProvider, HmacKey } from '../verify/hash-provider.ts'
import { eventKey } from '../verify/hmac-scheme.ts'
import type { RequestReader } from '../verify/request-reader.ts'
import { joinUrl, splitUrl } from '../verify/request-url.ts'
import type { HandedSecret, HandshakeOptions } from './handshake-options.ts'
import { malformedChallenge, missingSetting, wrongVerifyToken } from './handshake-refusals.ts'
import { type AnswerMaterial, renderAnswer } from './render-answer.ts'
import type { SourceSecrets } from './source-secrets.ts'
import { handedSecret, secretTaker } from './take-secret.ts'

/** What the handshakes of a source are answered with. */
export interface HandshakeSetup {
  /** Name of the source. */
  readonly source: string
  readonly webhook: WebhookDescription
  readonly options: HandshakeOptions
  readonly secrets: SourceSecrets
  readonly hashes: HashProvider
}

/**
 * Answers a handshake.
 *
 * @param keyIndex - Of the secret with which the request was verified, where it was.
 * @throws IntegrationError when the request is not what the handshake wants, or something is missing that the answer needs.
 */
export type AnswerHandshake = (
  handshake: Handshake,
  reader: RequestReader,
  incoming: Pick<IncomingWebhook, 'remoteAddress'>,
  keyIndex?: number,
) => Promise<WebhookReply>

/** Prepares the answering of handshakes. */
export function handshakeAnswerer(setup: HandshakeSetup): AnswerHandshake {
  const { options, secrets, hashes } = setup
  const takeSecret = secretTaker(options, secrets, hashes)

  return async (handshake, reader, { remoteAddress }, keyIndex) => {
    const { verifyToken } = handshake
    if (verifyToken !== undefined) await checkVerifyToken(handshake, reader, setup)
    // Before anything is computed or stored.
    const challenge = handshake.challenge === undefined ? undefined : readChallenge(handshake, reader)
    const secret = handshake.secret === undefined ? undefined : handedSecret(handshake, reader)
    const url = reader.request.url ?? ''
    if (secret !== undefined) {
      const handed: HandedSecret = {
        source: setup.source,
        secret,
        url,
        headers: reader.headers,
        ...(remoteAddress === undefined ? {} : { remoteAddress }),
      }
      await takeSecret(handshake, reader, handed)
    }
    const material: AnswerMaterial = {
      challenge: () => challenge ?? '',
      secret: () => secret ?? '',
      publicKey: () => settingOf(handshake, options, 'publicKey'),
      verifyToken: () => settingOf(handshake, options, 'verifyToken'),
      url: () => joinUrl({ ...splitUrl(url), query: '' }),
      eventKey: (hash) => findEventKey(handshake, hash, reader, setup, keyIndex),
    }
    return renderAnswer(handshake.respond, material, hashes)
  }
}

function readChallenge({ name, challenge }: Handshake, reader: RequestReader): string {
  const values = challenge === undefined ? [] : reader.values(challenge)
  const [value] = values
  if (challenge === undefined || value === undefined || values.length > 1) throw malformedChallenge(name)
  if (!challengePattern(challenge).test(value)) throw malformedChallenge(name)
  return value
}

/** Compares hashes, so that the time tells neither the content nor the length of the text that was set. */
async function checkVerifyToken(handshake: Handshake, reader: RequestReader, setup: HandshakeSetup): Promise<void> {
  const { options, hashes } = setup
  const expected = settingOf(handshake, options, 'verifyToken')
  const shown = handshake.verifyToken === undefined ? [] : reader.values(handshake.verifyToken)
  const [left, right] = await Promise.all([
    hashes.digest('sha256', [utf8ByteString(expected)]),
    hashes.digest('sha256', [shown.length === 1 ? (shown[0] ?? '') : '']),
  ])
  if (!hashes.equal(left, right)) throw wrongVerifyToken(handshake.name)
}

function settingOf({ name }: Handshake, options: HandshakeOptions, option: 'verifyToken' | 'publicKey'): string {
  const value = options[option]
  if (value !== undefined) return value
  throw missingSetting(
    name,
    `handshake.${option}`,
    option === 'publicKey' ? 'public_key_not_set' : 'verify_token_not_set',
  )
}

/** The key of the scheme that signs events with this hash: of the secret that verified the request, else of the first. */
async function findEventKey(
  { name }: Handshake,
  hash: string,
  reader: RequestReader,
  { webhook, secrets, hashes }: HandshakeSetup,
  keyIndex: number | undefined,
): Promise<HmacKey> {
  const set = await secrets.secretsFor(reader)
  const chosen = keyIndex === undefined ? set : set.filter((secret) => secret.keyIndex === keyIndex)
  for (const scheme of webhook.verify) {
    if (scheme.scheme !== 'hmac' || scheme.hash !== hash) continue
    for (const secret of chosen) {
      const key = eventKey(scheme, secret.value, hashes)
      if (key !== undefined) return key
    }
  }
  throw missingSetting(name, 'secrets', 'no_secret')
}
