import { type Draft, hmac, SECRETS, secondsOf, type Statement } from './statement.ts'

type Encoding = 'hex' | 'base64' | 'base64url'
type Pieces = (draft: Draft, time: string) => readonly (string | Buffer)[]

interface TimedRow {
  readonly toleranceMs?: number
  readonly time?: (draft: Draft) => string
  readonly prefix?: string
  readonly encoding?: Encoding
  readonly variant?: string
  readonly secrets?: readonly [string, string]
  /** The key that a secret is. */
  readonly key?: (secret: string) => string | Buffer
  readonly headers?: (draft: Draft) => Readonly<Record<string, string>>
}

const milliseconds = ({ atMs }: Draft): string => String(atMs)
const iso = ({ atMs }: Draft): string => new Date(atMs).toISOString()

function base(connector: string, { variant, encoding = 'hex', secrets = SECRETS, toleranceMs }: TimedRow) {
  return {
    connector,
    encoding,
    secrets,
    ...(variant === undefined ? {} : { variant }),
    time: toleranceMs === undefined ? {} : { toleranceMs },
  }
}

/** The time in a header, the signature in another. */
function twoHeaders(
  connector: string,
  timeHeader: string,
  header: string,
  pieces: Pieces,
  row: TimedRow = {},
): Statement {
  const { time = secondsOf, prefix = '', encoding = 'hex', key = (secret) => secret, headers } = row
  return {
    ...base(connector, row),
    sign(draft) {
      const signature = hmac('sha256', key(draft.secret), ...pieces(draft, time(draft))).toString(encoding)
      return { signature, headers: { ...headers?.(draft), [timeHeader]: time(draft), [header]: prefix + signature } }
    },
  }
}

interface PairNames {
  readonly time: string
  readonly signature: string
  readonly separator?: string
}

/** Time and signature in one header, as `t=…,v1=…`. */
function pairs(connector: string, header: string, names: PairNames, pieces: Pieces, row: TimedRow = {}): Statement {
  const { separator = ',' } = names
  const { time = secondsOf, encoding = 'hex', key = (secret) => secret } = row
  return {
    ...base(connector, row),
    sign(draft) {
      const signature = hmac('sha256', key(draft.secret), ...pieces(draft, time(draft))).toString(encoding)
      const value = `${names.time}=${time(draft)}${separator}${names.signature}=${signature}`
      return { signature, headers: { [header]: value } }
    },
    join: (one, other) => one + separator + other.slice(other.indexOf(separator) + separator.length),
  }
}

/** Standard Webhooks, and what it came from. */
function standard(
  connector: string,
  prefix: 'webhook' | 'svix',
  row: TimedRow & { readonly join?: string } = {},
): Statement {
  const { join: separator = ' ', variant } = row
  const key = Buffer.from('24 bytes of a secret key')
  const next = Buffer.from('24 bytes of the next key')
  const { secrets = [`whsec_${key.toString('base64')}`, `whsec_${next.toString('base64')}`] } = row
  const { key: keyOf = (secret: string) => Buffer.from(secret.slice(secret.indexOf('whsec_') + 6), 'base64') } = row
  return {
    ...base(connector, {
      encoding: 'base64',
      toleranceMs: 300_000,
      secrets,
      ...(variant === undefined ? {} : { variant }),
    }),
    sign(draft) {
      const time = secondsOf(draft)
      const signature = hmac('sha256', keyOf(draft.secret), `${draft.id}.${time}.`, draft.body).toString('base64')
      return {
        signature,
        headers: {
          [`${prefix}-id`]: draft.id,
          [`${prefix}-timestamp`]: time,
          [`${prefix}-signature`]: `v1,${signature}`,
        },
      }
    },
    join: (one, other) => one + separator + other,
    lines: true,
  }
}

const dotted: Pieces = ({ body }, time) => [`${time}.`, body]
const afterBody: Pieces = ({ body }, time) => [body, time]
const v0: Pieces = ({ body }, time) => [`v0:${time}:`, body]
const colon: Pieces = ({ body }, time) => [`${time}:`, body]
const joined: Pieces = ({ body }, time) => [time, body]

const stripeNames = { time: 't', signature: 'v1' }
const supabaseSecrets: readonly [string, string] = [
  'v1,whsec_c2VjcmV0IG51bWJlciBvbmU=',
  'v1,whsec_c2VjcmV0IG51bWJlciB0d28=',
]

export const timedStatements: readonly Statement[] = [
  twoHeaders('box', 'box-delivery-timestamp', 'box-signature-primary', afterBody, {
    time: iso,
    encoding: 'base64',
    toleranceMs: 600_000,
  }),
  twoHeaders('box', 'box-delivery-timestamp', 'box-signature-secondary', afterBody, {
    time: iso,
    encoding: 'base64',
    toleranceMs: 600_000,
    variant: 'second key',
  }),
  twoHeaders('customer-io', 'x-cio-timestamp', 'x-cio-signature', v0),
  twoHeaders('front', 'x-front-request-timestamp', 'x-front-signature', colon, {
    time: milliseconds,
    encoding: 'base64',
  }),
  twoHeaders('grafana', 'x-grafana-alerting-timestamp', 'x-grafana-alerting-signature', colon, {
    variant: 'with time',
  }),
  twoHeaders('slack', 'x-slack-request-timestamp', 'x-slack-signature', v0, { prefix: 'v0=', toleranceMs: 300_000 }),
  twoHeaders(
    'sinch',
    'x-sinch-webhook-signature-timestamp',
    'x-sinch-webhook-signature',
    ({ body, id }, time) => [body, `.${id}.${time}`],
    {
      encoding: 'base64',
      headers: ({ id }) => ({ 'x-sinch-webhook-signature-nonce': id }),
    },
  ),
  twoHeaders(
    'twitch',
    'twitch-eventsub-message-timestamp',
    'twitch-eventsub-message-signature',
    ({ body, id }, time) => [id, time, body],
    {
      time: iso,
      prefix: 'sha256=',
      toleranceMs: 600_000,
      headers: ({ id }) => ({ 'twitch-eventsub-message-id': id }),
    },
  ),
  twoHeaders('webflow', 'x-webflow-timestamp', 'x-webflow-signature', colon, {
    time: milliseconds,
    toleranceMs: 300_000,
  }),
  twoHeaders('zendesk', 'x-zendesk-webhook-signature-timestamp', 'x-zendesk-webhook-signature', joined, {
    time: iso,
    encoding: 'base64',
  }),
  twoHeaders('zoom', 'x-zm-request-timestamp', 'x-zm-signature', v0, { prefix: 'v0=' }),

  pairs('buildkite', 'x-buildkite-signature', { time: 'timestamp', signature: 'signature' }, dotted, {
    toleranceMs: 300_000,
  }),
  pairs('calendly', 'calendly-webhook-signature', stripeNames, dotted, { toleranceMs: 180_000 }),
  pairs('elevenlabs', 'elevenlabs-signature', { time: 't', signature: 'v0' }, dotted, { toleranceMs: 1_800_000 }),
  pairs('inngest', 'x-inngest-signature', { time: 't', signature: 's', separator: '&' }, afterBody, {
    toleranceMs: 300_000,
    secrets: ['signkey-test-0123456789abcdef', 'signkey-prod-fedcba9876543210'],
    key: (secret) => secret.replace(/^signkey-\w+-/, ''),
  }),
  pairs('mux', 'mux-signature', stripeNames, dotted, { toleranceMs: 300_000 }),
  pairs('paddle', 'paddle-signature', { time: 'ts', signature: 'h1', separator: ';' }, colon, { toleranceMs: 5_000 }),
  pairs('persona', 'persona-signature', stripeNames, dotted),
  pairs('retell', 'x-retell-signature', { time: 'v', signature: 'd' }, afterBody, {
    time: milliseconds,
    toleranceMs: 300_000,
  }),
  pairs('sanity', 'sanity-webhook-signature', stripeNames, dotted, { time: milliseconds, encoding: 'base64url' }),
  pairs('stripe', 'stripe-signature', stripeNames, dotted, {
    toleranceMs: 300_000,
    secrets: ['whsec_secret number one', 'whsec_secret number two'],
  }),
  pairs('workos', 'workos-signature', stripeNames, dotted, { time: milliseconds, toleranceMs: 180_000 }),
  {
    ...base('recurly', { toleranceMs: 300_000 }),
    sign(draft) {
      const signature = hmac('sha256', draft.secret, `${draft.atMs}.`, draft.body).toString('hex')
      return { signature, headers: { 'recurly-signature': `${draft.atMs},${signature}` } }
    },
    join: (one, other) => `${one},${other.slice(other.indexOf(',') + 1)}`,
    isList: true,
  },

  standard('clerk', 'svix'),
  standard('gitlab', 'webhook', { variant: 'signed' }),
  standard('incident-io', 'svix', { variant: 'svix' }),
  standard('incident-io', 'webhook', { variant: 'webhook' }),
  standard('loops', 'webhook'),
  standard('openai', 'webhook'),
  standard('polar', 'webhook', { key: (secret) => secret }),
  standard('render', 'webhook'),
  standard('replicate', 'webhook'),
  standard('resend', 'svix'),
  standard('standard-webhooks', 'webhook'),
  standard('stytch', 'svix'),
  standard('supabase', 'webhook', { secrets: supabaseSecrets, join: ', ' }),
  standard('svix', 'svix', { variant: 'svix' }),
  standard('svix', 'webhook', { variant: 'webhook' }),
  standard('vanta', 'svix'),
]
