import { type Connector, createFetch, integrationErrorOf } from '@holdfast/core'
import {
  fakeClock,
  flakyFetch,
  type LimitDialectName,
  limitDialects,
  type LimitModel,
  seededRandom,
} from '@holdfast/core/testing'
import { describe, expect, it } from 'vitest'
import anthropic from '../../src/connectors/anthropic.ts'
import cloudflare from '../../src/connectors/cloudflare.ts'
import discord from '../../src/connectors/discord.ts'
import github from '../../src/connectors/github.ts'
import google from '../../src/connectors/google.ts'
import hubspot from '../../src/connectors/hubspot.ts'
import jira from '../../src/connectors/jira.ts'
import linear from '../../src/connectors/linear.ts'
import microsoftGraph from '../../src/connectors/microsoft-graph.ts'
import notion from '../../src/connectors/notion.ts'
import openai from '../../src/connectors/openai.ts'
import reddit from '../../src/connectors/reddit.ts'
import salesforce from '../../src/connectors/salesforce.ts'
import shopify from '../../src/connectors/shopify.ts'
import slack from '../../src/connectors/slack.ts'
import stripe from '../../src/connectors/stripe.ts'
import x from '../../src/connectors/x.ts'
import xero from '../../src/connectors/xero.ts'
import zendesk from '../../src/connectors/zendesk.ts'

interface Provider {
  readonly connector: Connector
  readonly url: string
  readonly model?: LimitModel
  /** Default: 5. */
  readonly limit?: number
  /** Default: 10 seconds. */
  readonly windowMs?: number
  /** Refusals that follow the first ones, where an answer tells no more than how long to wait. Default: 0. */
  readonly repeated?: number
}

// Limits that pass by waiting.
const waitedFor: Readonly<Partial<Record<LimitDialectName, Provider>>> = {
  anthropic: { connector: anthropic, url: 'https://api.anthropic.com/v1/messages', model: 'token_bucket' },
  atlassian: { connector: jira, url: 'https://acme.atlassian.net/rest/api/3/project', repeated: 2 },
  cloudflare: { connector: cloudflare, url: 'https://api.cloudflare.com/client/v4/zones', windowMs: 300_000 },
  discord: { connector: discord, url: 'https://discord.com/api/v10/channels/1/messages' },
  github: { connector: github, url: 'https://api.github.com/user' },
  github_graphql: { connector: github, url: 'https://api.github.com/graphql' },
  github_secondary: { connector: github, url: 'https://api.github.com/user', repeated: 2 },
  google: { connector: google, url: 'https://www.googleapis.com/drive/v3/files', windowMs: 1_000 },
  hubspot: { connector: hubspot, url: 'https://api.hubapi.com/crm/v3/objects/contacts', model: 'sliding_window' },
  linear: {
    connector: linear,
    url: 'https://api.linear.app/graphql',
    model: 'token_bucket',
    limit: 15,
    windowMs: 3_600_000,
  },
  microsoft_graph: { connector: microsoftGraph, url: 'https://graph.microsoft.com/v1.0/me', repeated: 2 },
  notion: { connector: notion, url: 'https://api.notion.com/v1/users', repeated: 2 },
  openai: { connector: openai, url: 'https://api.openai.com/v1/models', model: 'token_bucket' },
  reddit: { connector: reddit, url: 'https://oauth.reddit.com/api/v1/me' },
  // Points are not reserved: who is let go may find that the one before has taken them.
  shopify_graphql: {
    connector: shopify,
    repeated: 11,
    url: 'https://acme.myshopify.com/admin/api/2026-01/graphql.json',
    model: 'token_bucket',
  },
  shopify_rest: {
    connector: shopify,
    url: 'https://acme.myshopify.com/admin/api/2026-01/shop.json',
    model: 'token_bucket',
  },
  slack: { connector: slack, url: 'https://slack.com/api/users.list', repeated: 2 },
  stripe: { connector: stripe, url: 'https://api.stripe.com/v1/customers', windowMs: 1_000 },
  x: { connector: x, url: 'https://api.x.com/2/tweets' },
  xero: { connector: xero, url: 'https://api.xero.com/api.xro/2.0/Contacts' },
  zendesk: { connector: zendesk, url: 'https://acme.zendesk.com/api/v2/tickets.json' },
}

// Limits for which nobody waits.
const givenUp: Readonly<Partial<Record<LimitDialectName, Provider>>> = {
  google_daily: { connector: google, url: 'https://www.googleapis.com/drive/v3/files' },
  hubspot_daily: { connector: hubspot, url: 'https://api.hubapi.com/crm/v3/objects/contacts' },
  openai_quota: { connector: openai, url: 'https://api.openai.com/v1/models' },
  salesforce: { connector: salesforce, url: 'https://acme.my.salesforce.com/services/data/v62.0/limits' },
}

function limited(
  dialect: LimitDialectName,
  { connector, model = 'fixed_window', limit = 5, windowMs = 10_000 }: Provider,
) {
  const clock = fakeClock()
  const upstream = flakyFetch({ clock })
    .on('/**', { body: { ok: true } })
    .limit('/**', { model, limit, windowMs, dialect })
  const options = { connector, fetch: upstream.fetch, clock, random: seededRandom(7), deadlineMs: false } as const
  return { clock, upstream, fetch: createFetch(options) }
}

describe('the connectors', () => {
  it.each(Object.entries(waitedFor))('bring 20 callers through the limit of %s', async (name, provider) => {
    const { clock, upstream, fetch } = limited(name as LimitDialectName, provider)
    const bodies = Array.from({ length: 20 }, async () => (await fetch(provider.url)).json() as Promise<unknown>)
    const answers = await clock.runUntil(Promise.all(bodies))
    expect(answers).toEqual(Array.from({ length: 20 }, () => expect.objectContaining({ ok: true }) as unknown))
    const [first, ...others] = upstream.requests.filter(({ isRefused }) => isRefused)
    const repeated = others.filter(({ atMs }) => atMs > (first?.atMs ?? 0))
    expect(repeated.length).toBeLessThanOrEqual(provider.repeated ?? 0)
  })

  it.each(Object.entries(givenUp))(
    'say of %s that the quota is used up, and send nothing again',
    async (name, provider) => {
      const dialect = name as LimitDialectName
      const { clock, upstream, fetch } = limited(dialect, provider)
      for (let call = 0; call < 5; call++) await clock.runUntil(fetch(provider.url))
      const response = await clock.runUntil(fetch(provider.url))
      expect(response.status).toBe(limitDialects[dialect].refused.status)
      expect(integrationErrorOf(response)?.code).toBe('quota_exhausted')
      expect(upstream.requests).toHaveLength(6)
    },
  )
})
