import { fakeClock } from '@holdfast/core/testing'
import { lintConnector } from '@holdfast/webhook-receiver/testing'
import { expect, test } from 'vitest'
import { connectors } from './load-connectors.ts'

// As of the newest reading: what was read a year before the rest is to be read again, whenever the test runs.
const dates = connectors.flatMap(([, { sources }]) => sources.map(({ verifiedAt }) => Date.parse(verifiedAt)))
const clock = fakeClock(Math.max(...dates))

test.each(connectors)('%s has nothing that the linter finds', async (_name, connector) => {
  expect(await lintConnector(connector, { clock })).toEqual([])
})
