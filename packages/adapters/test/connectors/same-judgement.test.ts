import { classifyResponse, type Connector } from '@holdfast/core'
import { expect, test } from 'vitest'
import { provider as anthropicErrors } from '../../src/anthropic/provider.ts'
import anthropic from '../../src/connectors/anthropic.ts'
import github from '../../src/connectors/github.ts'
import google from '../../src/connectors/google.ts'
import openai from '../../src/connectors/openai.ts'
import stripe from '../../src/connectors/stripe.ts'
import twilio from '../../src/connectors/twilio.ts'
import { provider as googleErrors } from '../../src/googleapis/provider.ts'
import { provider as githubErrors } from '../../src/octokit/provider.ts'
import { provider as openaiErrors } from '../../src/openai/provider.ts'
import { provider as stripeErrors } from '../../src/stripe/provider.ts'
import { provider as twilioErrors } from '../../src/twilio/provider.ts'

/** The connector of an API beside what the adapter of its client knows. */
const pairs: readonly (readonly [Connector, Connector])[] = [
  [anthropic, anthropicErrors],
  [github, githubErrors],
  [google, googleErrors],
  [openai, openaiErrors],
  [stripe, stripeErrors],
  [twilio, twilioErrors],
]

test.each(pairs)('$id: a connector judges an answer as the adapter of the client does', (connector, errors) => {
  for (const { example } of errors.errors ?? []) {
    const answer = { ...example, headers: new Headers(example.headers), now: 0 }
    expect(classifyResponse(answer, connector)?.code).toBe(classifyResponse(answer, errors)?.code)
  }
})
