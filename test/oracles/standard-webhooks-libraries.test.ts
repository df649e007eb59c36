import { verifyWebhook } from '@clerk/backend/webhooks'
import clerk from '@holdfast/adapters/connectors/clerk'
import incidentIo from '@holdfast/adapters/connectors/incident-io'
import loops from '@holdfast/adapters/connectors/loops'
import openai from '@holdfast/adapters/connectors/openai'
import polar from '@holdfast/adapters/connectors/polar'
import render from '@holdfast/adapters/connectors/render'
import replicate from '@holdfast/adapters/connectors/replicate'
import resend from '@holdfast/adapters/connectors/resend'
import stytch from '@holdfast/adapters/connectors/stytch'
import supabase from '@holdfast/adapters/connectors/supabase'
import vanta from '@holdfast/adapters/connectors/vanta'
import type { Connector } from '@holdfast/core'
import { webhooks as polarWebhooks } from '@polar-sh/sdk/2026-04'
import fc from 'fast-check'
import OpenAI from 'openai'
import { validateWebhook } from 'replicate'
import { Resend } from 'resend'
import { Webhook } from 'standardwebhooks'
import { describe, expect, test } from 'vitest'
import { answersOf, type Delivery, describeOracle, NOW, type Oracle, useSigningTime } from './oracle-suite.ts'

const KEY = Buffer.from('0123456789abcdef0123456789abcdef').toString('base64')
const SECRET = `whsec_${KEY}`
const ID = 'msg_2Lh9KRb0pzN4LePd3XiA4v12Axj'
// Its bytes are the key: what stands in it means nothing.
const POLAR_SECRET = 'polar_whs_not_base64'
const signer = new Webhook(SECRET)
const polarSigner = new Webhook(Buffer.from(POLAR_SECRET).toString('base64'))

interface Verification {
  readonly library: string
  readonly connector: Connector
  readonly prefix: 'svix' | 'webhook'
  readonly secret?: string
  readonly by?: Webhook
  readonly accepts: Oracle['accepts']
}

/** The providers' libraries verify only; standardwebhooks, another hand's, signs. */
function oracle({ prefix, secret = SECRET, by = signer, ...rest }: Verification): Oracle {
  return {
    ...rest,
    source: { secrets: [secret] },
    signature: `${prefix}-signature`,
    from: 'v1,',
    maxAgeMs: 300_000,
    refusesFuture: true,
    sign: (body, at) => ({
      headers: {
        [`${prefix}-id`]: ID,
        [`${prefix}-timestamp`]: String(Math.floor(at / 1000)),
        [`${prefix}-signature`]: by.sign(ID, new Date(at), body),
      },
      body,
    }),
  }
}

const isJson = (text: string): boolean => {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}
// Some parse what they have verified, and say no to what is not JSON.
const ofJson = { takes: isJson, bodies: fc.json({ maxDepth: 2 }) }

const request = ({ headers, body }: Delivery): Request =>
  new Request('https://hooks.example.com/in', { method: 'POST', headers, body })

const clerkOracle: Oracle = {
  ...oracle({
    library: '@clerk/backend',
    connector: clerk,
    prefix: 'svix',
    accepts: (delivery) => verifyWebhook(request(delivery), { signingSecret: SECRET }),
  }),
  takes: (text) => isJson(text),
  bodies: fc.dictionary(fc.string(), fc.jsonValue()).map((value) => JSON.stringify(value)),
}

const { webhooks: resendWebhooks } = new Resend('re_unused')

const resendOracle: Oracle = {
  ...oracle({
    library: 'resend',
    connector: resend,
    prefix: 'svix',
    accepts: ({ headers, body }) => {
      resendWebhooks.verify({
        payload: body,
        headers: {
          id: headers['svix-id'] ?? '',
          timestamp: headers['svix-timestamp'] ?? '',
          signature: headers['svix-signature'] ?? '',
        },
        webhookSecret: SECRET,
      })
      return true
    },
  }),
  ...ofJson,
}

const { webhooks: openaiWebhooks } = new OpenAI({ apiKey: 'unused' })

const openaiOracle = oracle({
  library: 'openai',
  connector: openai,
  prefix: 'webhook',
  accepts: async ({ headers, body }) => {
    await openaiWebhooks.verifySignature(body, headers, SECRET)
    return true
  },
})

const replicateOracle: Oracle = {
  ...oracle({
    library: 'replicate',
    connector: replicate,
    prefix: 'webhook',
    accepts: ({ headers, body }) =>
      validateWebhook({
        id: headers['webhook-id'] ?? '',
        timestamp: headers['webhook-timestamp'] ?? '',
        signature: headers['webhook-signature'] ?? '',
        body,
        secret: SECRET,
      }),
  }),
}
const { maxAgeMs: _maxAgeMs, ...agelessReplicate } = replicateOracle

const polarOracle: Oracle = {
  ...oracle({
    library: '@polar-sh/sdk',
    connector: polar,
    prefix: 'webhook',
    secret: POLAR_SECRET,
    by: polarSigner,
    accepts: ({ headers, body }) => polarWebhooks.validateEvent(body, headers, POLAR_SECRET),
  }),
  // It takes the events that it knows, after it has verified them.
  sign: (text, at) => {
    const body = JSON.stringify({ type: 'order.paid', data: text })
    return {
      headers: {
        'webhook-id': ID,
        'webhook-timestamp': String(Math.floor(at / 1000)),
        'webhook-signature': polarSigner.sign(ID, new Date(at), body),
      },
      body,
    }
  },
}

// Providers whose documentation names the specification's own library.
const byTheSpecification = (connector: Connector, prefix: Verification['prefix'], secret: string = SECRET): Oracle => ({
  ...oracle({
    library: `standardwebhooks, ${prefix}-* headers`,
    connector,
    prefix,
    secret,
    accepts: ({ headers, body }) => {
      const named = Object.entries(headers).map(([name, value]) => [name.replace('svix-', 'webhook-'), value] as const)
      signer.verify(body, Object.fromEntries(named))
      return true
    },
  }),
  ...ofJson,
})

for (const each of [
  clerkOracle,
  resendOracle,
  openaiOracle,
  agelessReplicate,
  polarOracle,
  byTheSpecification(incidentIo, 'svix'),
  byTheSpecification(incidentIo, 'webhook'),
  byTheSpecification(loops, 'webhook'),
  byTheSpecification(render, 'webhook'),
  byTheSpecification(stytch, 'svix'),
  byTheSpecification(supabase, 'webhook', `v1,${SECRET}`),
  byTheSpecification(vanta, 'svix'),
])
  describeOracle(each)

describe('where libraries differ from us', () => {
  useSigningTime()

  test('Clerk refuses a body with a byte order mark, which it takes off before it hashes', async () => {
    const delivery = await clerkOracle.sign('\ufeff{"a":1}', NOW)
    expect(await answersOf(clerkOracle, delivery)).toEqual([true, false])
  })

  test('Replicate accepts signatures of any age, which its documentation tells users to judge', async () => {
    const old = await replicateOracle.sign('{}', NOW - 3_600_000)
    expect(await answersOf(replicateOracle, old)).toEqual([false, true])
  })

  test('Polar’s library tries the decoded secret as a key besides; Polar signs with the secret’s own bytes', async () => {
    const ofDecoded = { ...polarOracle, source: { secrets: [SECRET] } }
    const body = JSON.stringify({ type: 'order.paid' })
    const headers = {
      'webhook-id': ID,
      'webhook-timestamp': String(NOW / 1000),
      'webhook-signature': signer.sign(ID, new Date(NOW), body),
    }
    const accepts = (): Promise<unknown> => polarWebhooks.validateEvent(body, headers, SECRET)
    expect(await answersOf({ ...ofDecoded, accepts }, { headers, body })).toEqual([false, true])
  })

  test('Replicate accepts a signature of any version', async () => {
    const delivery = await replicateOracle.sign('{}', NOW)
    const signature = (delivery.headers['webhook-signature'] ?? '').replace('v1,', 'v9,')
    const other = { ...delivery, headers: { ...delivery.headers, 'webhook-signature': signature } }
    expect(await answersOf(replicateOracle, other)).toEqual([false, true])
  })
})
