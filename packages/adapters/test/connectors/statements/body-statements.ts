import { hmac, SECRETS, type Statement } from './statement.ts'

interface BodyRow {
  readonly hash?: string
  /** Text before the signature in its header. */
  readonly prefix?: string
  /** How keys are written that are no text. */
  readonly key?: 'hex' | 'base64'
  readonly variant?: string
  readonly separator?: string
}

/** An HMAC of the raw body and nothing else. */
function body(
  connector: string,
  header: string,
  encoding: 'hex' | 'base64',
  { hash = 'sha256', prefix = '', key, variant, separator }: BodyRow = {},
): Statement {
  return {
    connector,
    encoding,
    ...(variant === undefined ? {} : { variant }),
    secrets:
      key === undefined ? SECRETS : [Buffer.from(SECRETS[0]).toString(key), Buffer.from(SECRETS[1]).toString(key)],
    sign(draft) {
      const signature = hmac(hash, Buffer.from(draft.secret, key), draft.body).toString(encoding)
      return { signature, headers: { [header]: prefix + signature } }
    },
    ...(separator === undefined ? {} : { join: (one, other) => one + separator + other, lines: true }),
  }
}

export const bodyStatements: readonly Statement[] = [
  body('adyen-platform', 'hmacsignature', 'base64', { key: 'hex' }),
  body('airtable', 'x-airtable-content-mac', 'hex', { prefix: 'hmac-sha256=', key: 'base64' }),
  body('asana', 'x-hook-signature', 'hex'),
  body('attio', 'attio-signature', 'hex'),
  body('attio', 'x-attio-signature', 'hex', { variant: 'older header' }),
  body('bitbucket', 'x-hub-signature', 'hex', { prefix: 'sha256=' }),
  body('cal-com', 'x-cal-signature-256', 'hex'),
  body('checkout-com', 'cko-signature', 'hex'),
  body('circleci', 'circleci-signature', 'hex', { prefix: 'v1=', separator: ',' }),
  body('clickup', 'x-signature', 'hex'),
  body('coinbase-commerce', 'x-cc-webhook-signature', 'hex'),
  body('docusign', 'x-docusign-signature-1', 'base64'),
  body('docusign', 'x-docusign-signature-100', 'base64', { variant: 'hundredth key' }),
  body('doppler', 'x-doppler-signature', 'hex', { prefix: 'sha256=' }),
  body('dropbox', 'x-dropbox-signature', 'hex'),
  body('github', 'x-hub-signature-256', 'hex', { prefix: 'sha256=' }),
  body('gocardless', 'webhook-signature', 'hex'),
  body('grafana', 'x-grafana-alerting-signature', 'hex', { variant: 'without time' }),
  body('heroku', 'heroku-webhook-hmac-sha256', 'base64'),
  body('hookdeck', 'x-hookdeck-signature', 'base64'),
  body('hookdeck', 'x-hookdeck-signature-2', 'base64', { variant: 'second key' }),
  body('intercom', 'x-hub-signature', 'hex', { hash: 'sha1', prefix: 'sha1=' }),
  body('jira', 'x-hub-signature', 'hex', { prefix: 'sha256=' }),
  body('lemon-squeezy', 'x-signature', 'hex'),
  body('line', 'x-line-signature', 'base64'),
  body('meta', 'x-hub-signature-256', 'hex', { prefix: 'sha256=' }),
  body('microsoft-teams', 'authorization', 'base64', { prefix: 'HMAC ', key: 'base64' }),
  body('mollie', 'x-mollie-signature', 'hex', { prefix: 'sha256=', separator: ',' }),
  body('mollie', 'x-mollie-signature', 'hex', { variant: 'without prefix', separator: ',' }),
  body('notion', 'x-notion-signature', 'hex', { prefix: 'sha256=' }),
  body('nylas', 'x-nylas-signature', 'hex'),
  body('pagerduty', 'x-pagerduty-signature', 'hex', { prefix: 'v1=', separator: ',' }),
  body('paystack', 'x-paystack-signature', 'hex', { hash: 'sha512' }),
  body('quickbooks', 'intuit-signature', 'base64'),
  body('razorpay', 'x-razorpay-signature', 'hex'),
  body('sentry', 'sentry-hook-signature', 'hex'),
  body('shopify', 'x-shopify-hmac-sha256', 'base64'),
  body('typeform', 'typeform-signature', 'base64', { prefix: 'sha256=' }),
  body('vercel', 'x-vercel-signature', 'hex', { hash: 'sha1' }),
  body('woocommerce', 'x-wc-webhook-signature', 'base64'),
  body('x', 'x-twitter-webhooks-signature', 'base64', { prefix: 'sha256=' }),
  body('xero', 'x-xero-signature', 'base64'),
]
