import { type Connector, type Handshake, type HandshakeExample, systemClock } from '@holdfast/core'
import { createReceiver, type SourceOptions, type WebhookReply } from '@holdfast/webhook-receiver'
import { memoryBuffer } from '@holdfast/webhook-receiver/testing'
import { describe, expect, onTestFinished, test } from 'vitest'
import { connectors } from './load-connectors.ts'
import { keyOptions } from './verify-vector.ts'

interface Exchange {
  readonly name: string
  readonly connector: Connector
  readonly handshake: Handshake
  readonly example: HandshakeExample
}

const exchanges: readonly Exchange[] = connectors.flatMap(([id, connector]) =>
  (connector.webhook?.handshakes ?? []).flatMap((handshake) =>
    handshake.examples.map((example) => ({ name: `${id} ${handshake.name}`, connector, handshake, example })),
  ),
)

interface Answer {
  readonly reply: WebhookReply
  /** Events in the buffer. */
  readonly stored: number
  /** Secrets that were handed over and saved. */
  readonly saved: readonly string[]
}

/** What a receiver for the example answers to its request. */
async function answerTo(
  { connector, handshake, example }: Exchange,
  change: Partial<HandshakeExample['request']> & { readonly secret?: string } = {},
): Promise<Answer> {
  const known = handshake.secret === undefined ? anySecret(connector) : 'another secret'
  const { secret = example.secret ?? known, ...changed } = change
  const secrets = secret === undefined ? [] : [secret]
  const { method = 'POST', url, headers = {}, body } = { ...example.request, ...changed }
  const saved: string[] = []
  const source: SourceOptions = {
    connector,
    secrets: handshake.secret === undefined ? secrets : () => secrets,
    ...keyOptions(connector, example.keys),
    publicUrl: 'as_received',
    handshake: {
      ...(handshake.secret === undefined
        ? {}
        : { saveSecret: (handed) => void saved.push(handed.secret), acceptSecret: () => true }),
      ...(example.verifyToken === undefined ? {} : { verifyToken: example.verifyToken }),
      ...(example.publicKey === undefined ? {} : { publicKey: example.publicKey }),
    },
  }
  const buffer = memoryBuffer()
  const receiver = createReceiver({
    buffer,
    sources: { source },
    destinations: { none: { handle: () => {} } },
    clock: { ...systemClock, now: () => example.receivedAt ?? 0 },
  })
  await receiver.start()
  onTestFinished(() => receiver.stop())
  const reply = await receiver.accept('source', {
    method,
    url,
    headers: Object.entries(headers),
    body: body === undefined ? null : new TextEncoder().encode(body),
  })
  return { reply, stored: (await buffer.stats()).events, saved }
}

/** A secret that the connector takes, where the example needs none; `undefined`: it takes none. */
function anySecret({ webhook }: Connector): string | undefined {
  const vectors = (webhook?.verify ?? []).flatMap((scheme) => scheme.vectors ?? [])
  return vectors.find(({ secret }) => secret !== undefined)?.secret
}

describe.each(exchanges)('$name', (exchange) => {
  const { handshake, example } = exchange

  test('is answered as documented', async () => {
    const { reply, stored, saved } = await answerTo(exchange)
    expect(reply).toMatchObject(example.response)
    expect(stored).toBe(handshake.store === true ? 1 : 0)
    expect(saved).toHaveLength(handshake.secret === undefined ? 0 : 1)
  })
})

describe.each(exchanges.filter(({ handshake }) => handshake.verified === true))('$name', (exchange) => {
  test('is refused where it is not authentic', async () => {
    const { body } = exchange.example.request
    // A letter of it too, for where only its fields are signed.
    const changed = { body: `${body?.replace(/[a-z](?=[^a-z]*$)/, '#')} ` }
    const { reply } = await answerTo(exchange, body === undefined ? { secret: 'another secret' } : changed)
    expect(reply.status).toBe(401)
  })
})

describe.each(exchanges.filter(({ handshake }) => handshake.verifyToken !== undefined))('$name', (exchange) => {
  test('is refused where it shows another token', async () => {
    const { example } = exchange
    const { reply } = await answerTo({ ...exchange, example: { ...example, verifyToken: 'another token' } })
    expect(reply.status).toBe(403)
  })
})

describe.each(exchanges.filter(({ handshake }) => handshake.challenge?.from === 'query'))('$name', (exchange) => {
  test('is refused where the challenge could be mark-up or more than one', async () => {
    const { url } = exchange.example.request
    const name = exchange.handshake.challenge?.name ?? ''
    const with2 = `${url}&${name}=a`
    const withMarkup = url.replace(new RegExp(`([?&]${name}=)[^&]*`), '$1%3Cscript%3E')
    for (const changed of [with2, withMarkup]) {
      const { reply } = await answerTo(exchange, { url: changed })
      expect(reply.status, changed).toBe(400)
      expect(reply.body).not.toContain('<')
    }
  })
})

test('the handshakes are those that are known', () => {
  expect(new Set(exchanges.map(({ name }) => name))).toEqual(
    new Set([
      'adobe-io-events challenge',
      'adobe-sign verification_of_intent',
      'asana hook_secret',
      'aws-sns subscription_confirmation',
      'braintree bt_challenge',
      'discord interaction_ping',
      'discord webhook_ping',
      'dropbox challenge',
      'ebay challenge_code',
      'intercom head',
      'mandrill head',
      'meta subscription',
      'microsoft-graph validation',
      'monday challenge',
      'notion verification_token',
      'nylas challenge',
      'okta verification',
      'slack ssl_check',
      'slack url_verification',
      'trello head',
      'twitch callback_verification',
      'woocommerce ping',
      'x crc',
      'zoom url_validation',
    ]),
  )
})
