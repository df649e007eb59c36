import { checkConnector } from '@holdfast/core'
import { describe, expect, test } from 'vitest'
import manifest from '../../package.json' with { type: 'json' }
import { connectors, names } from './load-connectors.ts'

test('every connector has a subpath, and every subpath a connector', () => {
  const subpaths = Object.keys(manifest.exports).flatMap((key) => /^\.\/connectors\/(.+)$/.exec(key)?.[1] ?? [])
  expect(subpaths.toSorted()).toEqual(names.toSorted())
})

describe.each(connectors)('%s', (name, connector) => {
  test('is a connector, and is named as its file', () => {
    expect(checkConnector(connector)).toBe(connector)
    expect(connector.id).toBe(name)
  })

  test('says where its facts come from', () => {
    expect(connector.sources.length).toBeGreaterThan(0)
    expect(new Set(connector.sources.map(({ url }) => url)).size).toBe(connector.sources.length)
  })

  test('has a vector for every scheme', () => {
    const counts = (connector.webhook?.verify ?? []).map((scheme) => scheme.vectors?.length ?? 0)
    expect(counts.filter((count) => count === 0)).toEqual([])
  })
})
