import { createHash, createPrivateKey, generateKeyPairSync, type KeyObject, sign } from 'node:crypto'
import https from 'node:https'
import { createRequire } from 'node:module'
import { PassThrough } from 'node:stream'
import awsSns from '@holdfast/adapters/connectors/aws-sns'
import discord from '@holdfast/adapters/connectors/discord'
import ebay from '@holdfast/adapters/connectors/ebay'
import sendgrid from '@holdfast/adapters/connectors/sendgrid'
import telnyx from '@holdfast/adapters/connectors/telnyx'
import type { Connector, SignatureVector } from '@holdfast/core'
import { generateWebhookKey, signRequest } from '@holdfast/webhook-receiver/testing'
import { EventWebhook } from '@sendgrid/eventwebhook'
import { verifyKey } from 'discord-interactions'
import fc from 'fast-check'
import { TelnyxWebhook } from 'telnyx/lib/webhooks'
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest'
import {
  answersOf,
  type Delivery,
  describeOracle,
  NOW,
  type Oracle,
  oracleAccepts,
  useSigningTime,
  verifyDelivery,
  withWrongCharacter,
} from './oracle-suite.ts'

const require = createRequire(import.meta.url)
const ed25519 = generateKeyPairSync('ed25519')
const rawKey = ed25519.publicKey.export({ type: 'spki', format: 'der' }).subarray(-32)
const ecdsa = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const spki = ecdsa.publicKey.export({ type: 'spki', format: 'der' }).toString('base64')
const privatePem = (key: KeyObject): string => key.export({ type: 'pkcs8', format: 'pem' }).toString()
const seconds = (at: number): string => String(Math.floor(at / 1000))

const discordOracle: Oracle = {
  library: 'discord-interactions',
  connector: discord,
  source: { secrets: [rawKey.toString('hex')] },
  signWith: { key: privatePem(ed25519.privateKey) },
  signature: 'x-signature-ed25519',
  sign: (body, at) => ({
    headers: {
      'x-signature-timestamp': seconds(at),
      'x-signature-ed25519': sign(null, Buffer.from(seconds(at) + body), ed25519.privateKey).toString('hex'),
    },
    body,
  }),
  accepts: ({ headers, body }) =>
    verifyKey(
      body,
      headers['x-signature-ed25519'] ?? '',
      headers['x-signature-timestamp'] ?? '',
      rawKey.toString('hex'),
    ),
}

const telnyxWebhook = new TelnyxWebhook(rawKey.toString('base64'))

const telnyxOracle: Oracle = {
  library: 'telnyx',
  connector: telnyx,
  source: { secrets: [rawKey.toString('base64')] },
  signWith: { key: privatePem(ed25519.privateKey) },
  signature: 'telnyx-signature-ed25519',
  maxAgeMs: 300_000,
  refusesFuture: true,
  sign: (body, at) => ({
    headers: {
      'telnyx-timestamp': seconds(at),
      'telnyx-signature-ed25519': sign(null, Buffer.from(`${seconds(at)}|${body}`), ed25519.privateKey).toString(
        'base64',
      ),
    },
    body,
  }),
  accepts: ({ headers, body }) => telnyxWebhook.verify(body, headers),
}

const eventWebhook = new EventWebhook()
const sendgridKey = eventWebhook.convertPublicKeyToECDSA(spki)

const sendgridOracle: Oracle = {
  library: '@sendgrid/eventwebhook',
  connector: sendgrid,
  source: { secrets: [spki] },
  signWith: { key: privatePem(ecdsa.privateKey) },
  signature: 'x-twilio-email-event-webhook-signature',
  // It computes with big integers of its own, which takes its time.
  runs: 8,
  // Within the first number: of DER's own bytes the library looks at some only.
  spoil: (value, place) => withWrongCharacter(value.slice(0, 40), value.slice(0, 10), place) + value.slice(40),
  sign: (body, at) => ({
    headers: {
      'x-twilio-email-event-webhook-timestamp': seconds(at),
      'x-twilio-email-event-webhook-signature': sign(
        'sha256',
        Buffer.from(seconds(at) + body),
        ecdsa.privateKey,
      ).toString('base64'),
    },
    body,
  }),
  accepts: ({ headers, body }) =>
    eventWebhook.verifySignature(
      sendgridKey,
      body,
      headers['x-twilio-email-event-webhook-signature'] ?? '',
      headers['x-twilio-email-event-webhook-timestamp'] ?? '',
    ),
}

// --- eBay: the library asks its client for the key, which here is ours.

const ebayKey = await generateWebhookKey({ connector: ebay })
const ebayClient = require('event-notification-nodejs-sdk/lib/client') as {
  getPublicKey: (kid: string) => Promise<unknown>
}
const ebayValidator = require('event-notification-nodejs-sdk/lib/validator') as {
  validateSignature(message: unknown, header: string, config: object): Promise<boolean>
}

const ebayOracle: Oracle = {
  library: 'event-notification-nodejs-sdk',
  connector: ebay,
  source: ebayKey.source,
  signWith: { key: ebayKey },
  signature: 'x-ebay-signature',
  spoil: (value, place) => {
    const header = JSON.parse(Buffer.from(value, 'base64').toString()) as { readonly signature: string }
    const signature = withWrongCharacter(header.signature, '', place)
    return Buffer.from(JSON.stringify({ ...header, signature })).toString('base64')
  },
  // It judges the body that it has parsed and written again.
  sign: (text) =>
    signEbay(JSON.stringify({ metadata: { topic: 'MARKETPLACE_ACCOUNT_DELETION' }, notification: { text } })),
  accepts: ({ headers, body }) =>
    ebayValidator.validateSignature(JSON.parse(body), headers['x-ebay-signature'] ?? '', {}),
}

function signEbay(body: string): Delivery {
  const privateKey = createPrivateKey(ebayKey.privateKey ?? '')
  const header = {
    alg: 'ecdsa',
    kid: ebayKey.keyId,
    signature: sign('sha1', Buffer.from(body), privateKey).toString('base64'),
    digest: 'SHA1',
  }
  return { headers: { 'x-ebay-signature': Buffer.from(JSON.stringify(header)).toString('base64') }, body }
}

beforeAll(() => {
  vi.spyOn(ebayClient, 'getPublicKey').mockImplementation(async (kid) => {
    const document = await ebayKey.source.keys?.fetchKey({
      connector: 'ebay',
      url: ebayKey.keyUrl ?? '',
      method: 'GET',
      keyId: kid,
      authorized: true,
    })
    const { key } = JSON.parse(document?.text ?? '{}') as { readonly key: string }
    // As eBay writes it: PEM without line breaks.
    return { key: key.replaceAll('\n', ''), algorithm: 'ECDSA', digest: 'SHA1' }
  })
})
afterAll(() => {
  vi.restoreAllMocks()
})

for (const oracle of [discordOracle, telnyxOracle, sendgridOracle, ebayOracle]) describeOracle(oracle)

test('the library accepts what the telnyx connector has as signed', async () => {
  vi.useFakeTimers({ toFake: ['Date'] })
  onTestFinished(() => void vi.useRealTimers())
  const vectors = vectorsOf(telnyx)
  expect(vectors).not.toEqual([])
  for (const { secret = '', headers, body = '', receivedAt = 0 } of vectors) {
    vi.setSystemTime(receivedAt)
    await new TelnyxWebhook(secret).verify(body, { ...headers })
    await expect(new TelnyxWebhook(secret).verify(`${body} `, { ...headers })).rejects.toThrow()
  }
})

describe('the aws-sns connector and sns-validator', () => {
  useSigningTime()

  const MessageValidator = require('sns-validator') as new () => {
    validate(message: object, callback: (error: Error | null) => void): void
  }
  const validator = new MessageValidator()
  const TOPIC = 'arn:aws:sns:us-west-2:123456789012:MyTopic'
  type Message = Readonly<Record<string, string>>

  // The key of the fourth scheme is as good for the others: they differ in hash and fields.
  const made = generateWebhookKey({ connector: awsSns, secret: TOPIC })

  beforeAll(async () => {
    const { source, keyUrl = '' } = await made
    const document = await source.keys?.fetchKey({
      connector: 'aws-sns',
      url: keyUrl,
      method: 'GET',
      authorized: false,
    })
    const published = new Map(vectorsOf(awsSns).flatMap(({ keys = {} }) => Object.entries(keys)))
    vi.spyOn(https, 'get').mockImplementation(((url: string, answer: (response: PassThrough) => void) => {
      const response = Object.assign(new PassThrough(), { statusCode: 200 })
      answer(response)
      response.end(published.get(url) ?? document?.text)
      return new PassThrough()
    }) as never)
  })

  const fieldsOf = (type: string): readonly string[] =>
    type === 'Notification'
      ? ['Message', 'MessageId', 'Subject', 'Timestamp', 'TopicArn', 'Type']
      : ['Message', 'MessageId', 'SubscribeURL', 'Timestamp', 'Token', 'TopicArn', 'Type']
  const signed = async (version: '1' | '2', fields: Message): Promise<Message> => {
    const { privateKey = '', keyUrl = '' } = await made
    const text = fieldsOf(fields['Type'] ?? '')
      .flatMap((name) => (fields[name] === undefined ? [] : [`${name}\n${fields[name]}\n`]))
      .join('')
    const signature = sign(version === '1' ? 'sha1' : 'sha256', Buffer.from(text), privateKey).toString('base64')
    return { ...fields, SignatureVersion: version, Signature: signature, SigningCertURL: keyUrl }
  }
  const validate = (message: Message): Promise<void> =>
    new Promise((resolve, reject) => {
      validator.validate({ ...message }, (error) => (error === null ? resolve() : reject(error)))
    })
  const answers = async (message: Message): Promise<readonly [boolean, boolean]> => {
    const { source } = await made
    const delivery = { headers: { 'content-type': 'text/plain; charset=UTF-8' }, body: JSON.stringify(message) }
    const ours = await verifyDelivery({ connector: awsSns, source }, delivery)
    return [ours.ok, await oracleAccepts({ accepts: () => validate(message) }, delivery)]
  }
  const text = fc.string({ unit: 'grapheme', minLength: 1 })
  const messages = fc.record(
    { Message: text, MessageId: fc.uuid(), Subject: text },
    { requiredKeys: ['Message', 'MessageId'] },
  )
  const more = (type: string): Message => ({
    Type: type,
    TopicArn: TOPIC,
    Timestamp: new Date(NOW).toISOString(),
    ...(type !== 'Notification' && {
      Token: 'token',
      SubscribeURL: 'https://sns.us-west-2.amazonaws.com/?Action=ConfirmSubscription',
    }),
  })

  test.each([
    ['Notification', '1'],
    ['Notification', '2'],
    ['SubscriptionConfirmation', '1'],
    ['SubscriptionConfirmation', '2'],
  ] as const)('accept any %s of version %s, and refuse it with another text', async (type, version) => {
    await fc.assert(
      fc.asyncProperty(messages, async ({ Subject, ...fields }) => {
        const subject = type === 'Notification' && Subject !== undefined ? { Subject } : {}
        const message = await signed(version, { ...fields, ...subject, ...more(type) })
        expect(await answers(message)).toEqual([true, true])
        for (const change of [
          { Message: `${message['Message']}x` },
          { MessageId: 'another' },
          { SignatureVersion: '3' },
          { SigningCertURL: 'https://sns.us-west-2.amazonaws.com.evil.example/x.pem' },
          { SigningCertURL: 'http://sns.us-west-2.amazonaws.com/SimpleNotificationService-test.pem' },
        ])
          expect(await answers({ ...message, ...change })).toEqual([false, false])
      }),
      { numRuns: 15 },
    )
  })

  test('the library accepts what signRequest makes', async () => {
    const key = await made
    const { body } = await signRequest({
      connector: awsSns,
      key,
      body: { Message: 'text', MessageId: 'one', Type: 'Notification', SignatureVersion: '2' },
      timestamp: NOW,
    })
    expect(await answers(JSON.parse(new TextDecoder().decode(body)) as Message)).toEqual([true, true])
  })

  test('the library accepts what the connector has as signed, but leaves the token out of the end of a subscription', async () => {
    const messages = vectorsOf(awsSns).map(({ body = '' }) => JSON.parse(body) as Message)
    const types = ['Notification', 'SubscriptionConfirmation', 'UnsubscribeConfirmation']
    expect(new Set(messages.map(({ Type }) => Type))).toEqual(new Set(types))
    for (const message of messages) {
      const accepted = await oracleAccepts({ accepts: () => validate(message) }, { headers: {}, body: '' })
      expect(accepted, JSON.stringify(message)).toBe(message['Type'] !== 'UnsubscribeConfirmation')
      await expect(validate({ ...message, MessageId: 'another' })).rejects.toThrow('invalid')
    }
  })

  test('the library accepts a certificate of any path, and a topic of anybody; we name both', async () => {
    const message = await signed('2', { Message: 'x', MessageId: '1', ...more('Notification') })
    const path = (message['SigningCertURL'] ?? '').replace(/\/[^/]+$/, '/another.pem')
    expect(await answers({ ...message, SigningCertURL: path })).toEqual([false, true])
    const foreign = await signed('2', {
      Message: 'x',
      MessageId: '1',
      ...more('Notification'),
      TopicArn: `${TOPIC}OfSomebody`,
    })
    expect(await answers(foreign)).toEqual([false, true])
  })
})

/** Requests that the connector shows as signed by the provider, or as it signs. */
function vectorsOf({ webhook }: Connector): readonly SignatureVector[] {
  return (webhook?.verify ?? []).flatMap(({ vectors = [] }) => vectors)
}

describe('where libraries differ from us', () => {
  useSigningTime()

  test('SendGrid’s accepts DER that says it is longer than it is', async () => {
    const delivery = await sendgridOracle.sign('{}', NOW)
    const name = sendgridOracle.signature
    const der = Buffer.from(delivery.headers[name] ?? '', 'base64')
    der[1] = (der[1] ?? 0) + 8
    const wrong = { ...delivery, headers: { ...delivery.headers, [name]: der.toString('base64') } }
    expect(await answersOf(sendgridOracle, wrong)).toEqual([false, true])
  })

  test('eBay’s refuses a body that is not written as JavaScript writes it', async () => {
    const body = '{"metadata": {"topic": "MARKETPLACE_ACCOUNT_DELETION"}, "notification": {}}'
    expect(await answersOf(ebayOracle, signEbay(body))).toEqual([true, false])
  })

  test('eBay’s and ours answer a challenge alike', () => {
    const { validateEndpoint } = require('event-notification-nodejs-sdk') as {
      validateEndpoint(code: string, config: { endpoint: string; verificationToken: string }): string
    }
    const [endpoint, verificationToken] = ['https://hooks.example.com/in', 'a'.repeat(32)]
    expect(validateEndpoint('code', { endpoint, verificationToken })).toBe(
      createHash('sha256').update(`code${verificationToken}${endpoint}`).digest('hex'),
    )
  })
})
