import { generateKeyPairSync, type KeyObject, sign as signWith } from 'node:crypto'
import { type Delivery, type Draft, hmac, SECRETS, secondsOf, type Statement } from './statement.ts'

/** Pairs of keys: the public half as the application gives it, and the private one that signs. */
class Pairs {
  readonly secrets: readonly [string, string]
  readonly #byPublic: ReadonlyMap<string, KeyObject>

  constructor(make: () => { publicKey: KeyObject; privateKey: KeyObject }, write: (key: KeyObject) => string) {
    const [one, other] = [make(), make()]
    this.secrets = [write(one.publicKey), write(other.publicKey)]
    this.#byPublic = new Map([
      [this.secrets[0], one.privateKey],
      [this.secrets[1], other.privateKey],
    ])
  }

  sign(secret: string, hash: string | null, ...parts: readonly (string | Buffer)[]): Buffer {
    const message = Buffer.concat(parts.map((part) => Buffer.from(part as string)))
    return signWith(hash, message, this.#byPublic.get(secret)!)
  }
}

const spki = (key: KeyObject): Buffer => key.export({ type: 'spki', format: 'der' })
const rawHex = (key: KeyObject): string => spki(key).subarray(-32).toString('hex')
const rawBase64 = (key: KeyObject): string => spki(key).subarray(-32).toString('base64')
const pem = (key: KeyObject): string => key.export({ type: 'spki', format: 'pem' }).toString()

const discord = new Pairs(() => generateKeyPairSync('ed25519'), rawHex)
const telnyx = new Pairs(() => generateKeyPairSync('ed25519'), rawBase64)
const asymmetric = new Pairs(
  () => generateKeyPairSync('ed25519'),
  (key) => `whpk_${rawBase64(key)}`,
)
const sendgrid = new Pairs(
  () => generateKeyPairSync('ec', { namedCurve: 'P-256' }),
  (key) => spki(key).toString('base64'),
)
const wise = new Pairs(() => generateKeyPairSync('rsa', { modulusLength: 2048 }), pem)

const publicKeyStatements: readonly Statement[] = [
  {
    connector: 'discord',
    encoding: 'hex',
    secrets: discord.secrets,
    time: {},
    sign(draft) {
      const signature = discord.sign(draft.secret, null, secondsOf(draft), draft.body).toString('hex')
      return { signature, headers: { 'x-signature-ed25519': signature, 'x-signature-timestamp': secondsOf(draft) } }
    },
  },
  {
    connector: 'telnyx',
    encoding: 'base64',
    secrets: telnyx.secrets,
    time: { toleranceMs: 300_000 },
    sign(draft) {
      const signature = telnyx.sign(draft.secret, null, `${secondsOf(draft)}|`, draft.body).toString('base64')
      return { signature, headers: { 'telnyx-signature-ed25519': signature, 'telnyx-timestamp': secondsOf(draft) } }
    },
  },
  {
    connector: 'standard-webhooks-asymmetric',
    encoding: 'base64',
    secrets: asymmetric.secrets,
    time: { toleranceMs: 300_000 },
    sign(draft) {
      const message = `${draft.id}.${secondsOf(draft)}.`
      const signature = asymmetric.sign(draft.secret, null, message, draft.body).toString('base64')
      const headers = { 'webhook-id': draft.id, 'webhook-timestamp': secondsOf(draft) }
      return { signature, headers: { ...headers, 'webhook-signature': `v1a,${signature}` } }
    },
    join: (one, other) => `${one} ${other}`,
    lines: true,
  },
  {
    connector: 'sendgrid',
    encoding: 'base64',
    secrets: sendgrid.secrets,
    time: {},
    sign(draft) {
      const signature = sendgrid.sign(draft.secret, 'sha256', secondsOf(draft), draft.body).toString('base64')
      const name = 'x-twilio-email-event-webhook'
      return { signature, headers: { [`${name}-signature`]: signature, [`${name}-timestamp`]: secondsOf(draft) } }
    },
  },
  {
    connector: 'wise',
    encoding: 'base64',
    secrets: wise.secrets,
    sign({ secret, body }) {
      const signature = wise.sign(secret, 'sha256', body).toString('base64')
      return { signature, headers: { 'x-signature-sha256': signature } }
    },
  },
]

const JSON_TYPE = { 'content-type': 'application/json' }

const inBodyStatements: readonly Statement[] = [
  {
    connector: 'linear',
    encoding: 'hex',
    secrets: SECRETS,
    bodies: 'json',
    time: { toleranceMs: 60_000 },
    sign(draft) {
      const body = Buffer.concat([
        Buffer.from(`{"webhookTimestamp":${draft.atMs},"note":"`),
        draft.body,
        Buffer.from('"}'),
      ])
      const signature = hmac('sha256', draft.secret, body).toString('hex')
      return { signature, body, headers: { 'linear-signature': signature } }
    },
  },
  {
    connector: 'mailgun',
    encoding: 'hex',
    secrets: SECRETS,
    bodies: 'json',
    signsBody: false,
    time: {},
    sign(draft) {
      const [timestamp, token] = [secondsOf(draft), draft.id]
      const signature = hmac('sha256', draft.secret, timestamp, token).toString('hex')
      const body = JSON.stringify({ signature: { timestamp, token, signature }, note: draft.body.toString() })
      return { signature, body: Buffer.from(body), headers: JSON_TYPE, bound: [timestamp, token] }
    },
  },
  {
    connector: 'adyen',
    encoding: 'base64',
    secrets: [Buffer.from(SECRETS[0]).toString('hex'), Buffer.from(SECRETS[1]).toString('hex')],
    bodies: 'json',
    signsBody: false,
    sign(draft) {
      const reference = draft.body.toString()
      const message = `psp:original:account:${reference}:1000:EUR:AUTHORISATION:true`
      const signature = hmac('sha256', Buffer.from(draft.secret, 'hex'), message).toString('base64')
      const item = {
        pspReference: 'psp',
        originalReference: 'original',
        merchantAccountCode: 'account',
        merchantReference: reference,
        amount: { value: 1000, currency: 'EUR' },
        eventCode: 'AUTHORISATION',
        success: 'true',
        additionalData: { hmacSignature: signature },
      }
      const body = JSON.stringify({ live: 'false', notificationItems: [{ NotificationRequestItem: item }] })
      const bound = ['psp', 'original', 'account', reference, 'EUR', 'AUTHORISATION', 'true']
      return { signature, body: Buffer.from(body), headers: JSON_TYPE, bound }
    },
  },
]

/** A secret that the request shows. */
function token(connector: string, show: (draft: Draft) => Omit<Delivery, 'signature'>, variant?: string): Statement {
  return {
    connector,
    encoding: 'none',
    secrets: SECRETS,
    signsBody: false,
    ...(variant === undefined ? {} : { variant }),
    sign: (draft) => ({ signature: draft.secret, ...show(draft) }),
  }
}

function inHeader(connector: string, header: string, variant?: string): Statement {
  return token(connector, ({ secret }) => ({ headers: { [header]: secret } }), variant)
}

function basic(connector: string): Statement {
  return {
    connector,
    encoding: 'none',
    secrets: ['user:a pass, with: colon', 'user:next'],
    signsBody: false,
    sign({ secret }) {
      const signature = Buffer.from(secret).toString('base64')
      return { signature, headers: { authorization: `Basic ${signature}` } }
    },
  }
}

const shownStatements: readonly Statement[] = [
  basic('chargebee'),
  basic('postmark'),
  inHeader('adobe-sign', 'x-adobesign-clientid'),
  inHeader('buildkite', 'x-buildkite-token', 'token'),
  inHeader('gitlab', 'x-gitlab-token', 'token'),
  inHeader('hft71', 'x-hft71-webhook-secret', 'header'),
  token(
    'hft71',
    ({ secret }) => ({ headers: JSON_TYPE, body: Buffer.from(JSON.stringify({ webhook_secret: secret })) }),
    'body',
  ),
  inHeader('okta', 'authorization'),
  inHeader('telegram', 'x-telegram-bot-api-secret-token'),
  token('microsoft-graph', ({ secret }) => {
    const item = { id: 'a', clientState: secret }
    return { headers: JSON_TYPE, body: Buffer.from(JSON.stringify({ value: [item, item] })) }
  }),
]

export const otherStatements: readonly Statement[] = [...publicKeyStatements, ...inBodyStatements, ...shownStatements]
