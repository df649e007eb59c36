import { type Connector, createFetch } from '@holdfast/core'
import { scriptedFetch } from '@holdfast/core/testing'
import { expect, test } from 'vitest'
import intercom from '../../src/connectors/intercom.ts'
import openai from '../../src/connectors/openai.ts'
import sendgrid from '../../src/connectors/sendgrid.ts'

test.each<[string, Connector]>([
  ['https://api.eu.intercom.io/me', intercom],
  ['https://api.au.intercom.io/me', intercom],
  ['https://eu.api.openai.com/v1/models', openai],
  ['https://api.eu.sendgrid.com/v3/user/credits', sendgrid],
])('the token goes to %s too, where the accounts of another region live', async (url, connector) => {
  const transport = scriptedFetch([new Response('{}')])
  await createFetch({ fetch: transport, connector, auth: 'secret' })(url)
  expect(new Headers(transport.calls[0]?.init?.headers).get('authorization')).toBe('Bearer secret')
})
