import { generateKeyPairSync, type KeyPairKeyObjectResult } from 'node:crypto'
import { crc32 } from 'node:zlib'
import { PublishedPairs, type Two } from './published-pairs.ts'
import { selfSignedCertificate } from './self-signed-certificate.ts'
import { sha256, type Statement } from './statement.ts'

const rsaPair = (): KeyPairKeyObjectResult => generateKeyPairSync('rsa', { modulusLength: 2048 })
const ecdsaPair = (): KeyPairKeyObjectResult => generateKeyPairSync('ec', { namedCurve: 'P-256' })
const rsa: Two<KeyPairKeyObjectResult> = [rsaPair(), rsaPair()]
const ecdsa: Two<KeyPairKeyObjectResult> = [ecdsaPair(), ecdsaPair()]

const two = (write: (name: string) => string): Two<string> => [write('one'), write('next')]
const pem = ({ publicKey }: KeyPairKeyObjectResult): string =>
  publicKey.export({ type: 'spki', format: 'pem' }).toString()
const certificateOf =
  (name: string) =>
  ({ publicKey, privateKey }: KeyPairKeyObjectResult): string =>
    selfSignedCertificate(name, publicKey, privateKey)

const TOPICS = two((name) => `arn:aws:sns:us-west-2:123456789012:${name}`)
const sns = new PublishedPairs({
  secrets: TOPICS,
  names: two((name) => `https://sns.us-west-2.amazonaws.com/SimpleNotificationService-${name}.pem`),
  pairs: rsa,
  write: certificateOf('sns.amazonaws.com'),
})

/** Fields that Amazon signs where a message has them, in its order. */
const SNS_FIELDS = ['Message', 'MessageId', 'Subject', 'SubscribeURL', 'Timestamp', 'Token', 'TopicArn', 'Type']

function awsSns(
  Type: 'Notification' | 'SubscriptionConfirmation' | 'UnsubscribeConfirmation',
  SignatureVersion: '1' | '2',
  more: Readonly<Record<string, string>>,
): Statement {
  return {
    connector: 'aws-sns',
    variant: `${Type} of version ${SignatureVersion}`,
    encoding: 'base64',
    secrets: TOPICS,
    published: sns.published,
    bodies: 'text',
    signsBody: false,
    time: {},
    sign(draft) {
      const fields: Readonly<Record<string, string>> = {
        Type,
        MessageId: draft.id,
        TopicArn: draft.secret,
        Message: draft.body.toString(),
        Timestamp: new Date(draft.atMs).toISOString(),
        SignatureVersion,
        SigningCertURL: sns.nameFor(draft),
        ...more,
      }
      const lines = SNS_FIELDS.flatMap((name) => (Object.hasOwn(fields, name) ? [`${name}\n${fields[name]}\n`] : []))
      const hash = SignatureVersion === '1' ? 'sha1' : 'sha256'
      const Signature = sns.sign(draft, hash, lines.join('')).toString('base64')
      return {
        signature: Signature,
        headers: {},
        body: Buffer.from(JSON.stringify({ ...fields, Signature })),
        bound: Object.values(fields),
      }
    },
  }
}

const CONFIRMATION = {
  Token: '2336412f37fb687f5d51e6e241d09c805a5a57b30d712f794cc5f6a988666d92',
  SubscribeURL: 'https://sns.us-west-2.amazonaws.com/?Action=ConfirmSubscription',
}

const WEBHOOK_IDS: Two<string> = ['1JE4291016473214C', '2KF5302127584325D']
const paypal = new PublishedPairs({
  secrets: WEBHOOK_IDS,
  names: two((name) => `https://api.paypal.com/v1/notifications/certs/CERT-${name}`),
  pairs: rsa,
  write: certificateOf('messageverificationcerts.paypal.com'),
})

const CLIENT_IDS: Two<string> = ['c5a34355b7f5491f8277b8dd63f0bfa3', 'd6b45466c8a6502f9388c9ee74a1cab4']
const adobeUrl = two((name) => `/prod/keys/pub-key-${name}.pem`)
const adobe = new PublishedPairs({
  secrets: CLIENT_IDS,
  names: [`https://static.adobeioevents.com${adobeUrl[0]}`, `https://static.adobeioevents.com${adobeUrl[1]}`],
  pairs: rsa,
  write: pem,
})

const EBAY_KEYS: Two<string> = ['9936261a-7d7b-4621-a0f1-96ccb428af49', '8825150b-6c6a-5732-b1a2-85bba317be38']
const ebay = new PublishedPairs({
  secrets: EBAY_KEYS,
  names: EBAY_KEYS,
  pairs: ecdsa,
  // eBay writes PEM in one line.
  write: (pair) => JSON.stringify({ key: pem(pair).replaceAll('\n', ''), algorithm: 'ECDSA', digest: 'SHA1' }),
})

const PLAID_KEYS: Two<string> = ['bfbd5111-8e33-4643-8ced-b2e642a72f3c', 'aeac4000-7d22-3532-7bdc-a1d531961e2b']
const plaid = new PublishedPairs({
  secrets: PLAID_KEYS,
  names: PLAID_KEYS,
  pairs: ecdsa,
  write: ({ publicKey }, kid) =>
    JSON.stringify({
      key: { ...publicKey.export({ format: 'jwk' }), alg: 'ES256', use: 'sig', kid, expired_at: null },
      request_id: 'a',
    }),
})

export const fetchedKeyStatements: readonly Statement[] = [
  awsSns('Notification', '2', { Subject: 'A subject: $& and $$' }),
  awsSns('Notification', '1', {}),
  awsSns('SubscriptionConfirmation', '2', CONFIRMATION),
  awsSns('UnsubscribeConfirmation', '1', CONFIRMATION),
  {
    connector: 'paypal',
    encoding: 'base64',
    secrets: WEBHOOK_IDS,
    published: paypal.published,
    time: {},
    sign(draft) {
      const time = new Date(draft.atMs).toISOString().replace('.000', '')
      const message = `${draft.id}|${time}|${draft.secret}|${crc32(draft.body)}`
      const signature = paypal.sign(draft, 'sha256', message).toString('base64')
      return {
        signature,
        headers: {
          'paypal-cert-url': paypal.nameFor(draft),
          'paypal-transmission-id': draft.id,
          'paypal-transmission-time': time,
          'paypal-transmission-sig': signature,
        },
      }
    },
  },
  {
    connector: 'adobe-io-events',
    encoding: 'base64',
    secrets: CLIENT_IDS,
    published: adobe.published,
    bodies: 'value',
    sign(draft) {
      const body = Buffer.concat([
        Buffer.from('{"id":"a","data":'),
        draft.body,
        Buffer.from(`,\r\n"recipientclientid":"${draft.secret}"}`),
      ])
      const signature = adobe.sign(draft, 'sha256', body).toString('base64')
      const path = new URL(adobe.nameFor(draft)).pathname
      return {
        signature,
        body,
        headers: { 'x-adobe-digital-signature-1': signature, 'x-adobe-public-key1-path': path },
      }
    },
  },
  {
    connector: 'ebay',
    encoding: 'base64',
    secrets: EBAY_KEYS,
    published: ebay.published,
    namesKeys: true,
    sign(draft) {
      const signature = ebay.sign(draft, 'sha1', draft.body).toString('base64')
      const write = (text: string): Readonly<Record<string, string>> => {
        const header = { alg: 'ecdsa', kid: ebay.nameFor(draft), signature: text, digest: 'SHA1' }
        return { 'x-ebay-signature': Buffer.from(JSON.stringify(header)).toString('base64') }
      }
      return { signature, headers: write(signature), write }
    },
  },
  {
    connector: 'plaid',
    encoding: 'none',
    secrets: PLAID_KEYS,
    published: plaid.published,
    namesKeys: true,
    time: { toleranceMs: 300_000, leewayMs: 60_000 },
    sign(draft) {
      const parts = [
        { alg: 'ES256', kid: plaid.nameFor(draft), typ: 'JWT' },
        { iat: draft.atMs / 1000, request_body_sha256: sha256(draft.body).toString('hex') },
      ]
      const text = parts.map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.')
      // RFC 7518 section 3.4.
      const signature = plaid.sign(draft, 'sha256', text, 'ieee-p1363').toString('base64url')
      return { signature, headers: { 'plaid-verification': `${text}.${signature}` } }
    },
  },
]
