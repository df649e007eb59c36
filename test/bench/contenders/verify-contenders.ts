import { createHmac, createSecretKey, timingSafeEqual } from 'node:crypto'
import github from '@holdfast/adapters/connectors/github'
import standardWebhooks from '@holdfast/adapters/connectors/standard-webhooks'
import stripeConnector from '@holdfast/adapters/connectors/stripe'
import type { Connector } from '@holdfast/core'
import { createVerifier, type Verifier } from '@holdfast/webhook-receiver'
import { verify as octokitVerify } from '@octokit/webhooks-methods'
import { Webhook } from 'standardwebhooks'
import Stripe from 'stripe'
import { Webhook as SvixWebhook } from 'svix'
import { versionOf } from '../report.ts'
import { type SignedDelivery, secretOf, signedDeliveries } from '../signed-deliveries.ts'

/** Verifies one delivery. A promise where it is asynchronous by nature. */
export type VerifyOne = (delivery: SignedDelivery) => boolean | Promise<boolean>

/** One who verifies deliveries of a scheme. */
export interface VerifyContender {
  readonly name: string
  readonly note: string
  readonly verify: VerifyOne
}

/** A way to sign, and who verifies it. The first contender is what every ratio is to. */
export interface VerifyScheme {
  readonly name: string
  readonly deliveries: readonly SignedDelivery[]
  readonly contenders: readonly VerifyContender[]
}

export const bare = 'createHmac'
export const ours = 'Holdfast'
export const oursOnWeb = 'Holdfast, WebCrypto'

/** The schemes that are compared, each with the library of who made it. */
export function verifySchemes(): readonly VerifyScheme[] {
  return [stripe(), githubScheme(), standard()]
}

/** Holdfast with several secrets of the GitHub scheme, of which the one at an index signed. */
export function withSecrets(count: number, fitting: number): VerifyOne {
  const secrets = Array.from({ length: count }, (_, index) =>
    index === fitting ? secretOf('github') : `other ${index}`,
  )
  return holdfast(createVerifier({ connector: github, secrets }))
}

function stripe(): VerifyScheme {
  const secret = secretOf('stripe')
  const key = createSecretKey(Buffer.from(secret))
  const { signature } = new Stripe('sk_test_unused').webhooks
  const subtle = Stripe.createSubtleCryptoProvider()
  if (signature === undefined || signature === null) throw new Error('stripe has no signature helper')
  const verify = (payload: string | Buffer, { headers, receivedAt }: SignedDelivery): boolean =>
    signature.verifyHeader(payload as string, headers['stripe-signature'] ?? '', secret, 300, undefined, receivedAt)
  return {
    name: 'Stripe',
    deliveries: signedDeliveries('stripe'),
    contenders: [
      bareContender('hex', ({ signedPrefix, body }) =>
        createHmac('sha256', key).update(signedPrefix).update(body).digest(),
      ),
      ...holdfastContenders(stripeConnector, secret),
      {
        name: 'stripe, text',
        note: `stripe ${versionOf('stripe')}, webhooks.signature.verifyHeader on a string`,
        verify: (delivery) => verify(delivery.text, delivery),
      },
      {
        name: 'stripe, bytes',
        note: 'the same on the bytes that came',
        verify: (delivery) => verify(delivery.body, delivery),
      },
      {
        name: 'stripe, WebCrypto',
        note: 'verifyHeaderAsync with its SubtleCryptoProvider',
        verify: ({ text, headers, receivedAt }) =>
          signature.verifyHeaderAsync(text, headers['stripe-signature'] ?? '', secret, 300, subtle, receivedAt),
      },
    ],
  }
}

function githubScheme(): VerifyScheme {
  const secret = secretOf('github')
  const key = createSecretKey(Buffer.from(secret))
  return {
    name: 'GitHub',
    deliveries: signedDeliveries('github'),
    contenders: [
      bareContender('hex', ({ body }) => createHmac('sha256', key).update(body).digest()),
      ...holdfastContenders(github, secret),
      {
        name: '@octokit/webhooks-methods',
        note: `${versionOf('@octokit/webhooks-methods')}, verify; it takes text only`,
        verify: ({ text, headers }) => octokitVerify(secret, text, headers['x-hub-signature-256'] ?? ''),
      },
    ],
  }
}

function standard(): VerifyScheme {
  const secret = secretOf('standard')
  const key = createSecretKey(Buffer.from(secret.slice('whsec_'.length), 'base64'))
  const reference = new Webhook(secret)
  const svix = new SvixWebhook(secret)
  const accepts = (verify: () => unknown): boolean => {
    verify()
    return true
  }
  return {
    name: 'Standard Webhooks',
    deliveries: signedDeliveries('standard'),
    contenders: [
      bareContender('base64', ({ signedPrefix, body }) =>
        createHmac('sha256', key).update(signedPrefix).update(body).digest(),
      ),
      ...holdfastContenders(standardWebhooks, secret),
      {
        name: 'standardwebhooks',
        note: `${versionOf('standardwebhooks')}, Webhook.verify; it parses the body as well`,
        verify: ({ text, headers }) => accepts(() => reference.verify(text, headers)),
      },
      {
        name: 'svix',
        note: `${versionOf('svix')}, Webhook.verify; it parses the body as well`,
        verify: ({ text, headers }) => accepts(() => svix.verify(text, headers)),
      },
    ],
  }
}

function bareContender(encoding: 'hex' | 'base64', digestOf: (delivery: SignedDelivery) => Buffer): VerifyContender {
  return {
    name: bare,
    note: 'node:crypto alone: a KeyObject, the digest of the bytes, timingSafeEqual',
    verify: (delivery) => timingSafeEqual(digestOf(delivery), Buffer.from(delivery.signature, encoding)),
  }
}

function holdfastContenders(connector: Connector, secret: string): readonly VerifyContender[] {
  const options = { connector, secrets: [secret] }
  return [
    {
      name: ours,
      note: 'createVerifier on the headers and bytes that came',
      verify: holdfast(createVerifier(options)),
    },
    {
      name: oursOnWeb,
      note: 'the same without node:crypto, as on Workers',
      verify: holdfast(withoutNodeCrypto(() => createVerifier(options))),
    },
  ]
}

function holdfast(verifier: Verifier): VerifyOne {
  return (delivery) => {
    const result = verifier.verify(delivery.request)
    return result instanceof Promise ? result.then(({ ok }) => ok) : result.ok
  }
}

/** Runs something as on a runtime that has no modules of Node. */
function withoutNodeCrypto<Result>(run: () => Result): Result {
  const { getBuiltinModule } = process
  process.getBuiltinModule = (() => undefined) as typeof getBuiltinModule
  try {
    return run()
  } finally {
    process.getBuiltinModule = getBuiltinModule
  }
}
