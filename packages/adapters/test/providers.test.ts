import { globSync } from 'node:fs'
import { join } from 'node:path'
import { checkConnector, classifyResponse, type Connector } from '@holdfast/core'
import { describe, expect, it } from 'vitest'

const sources = join(import.meta.dirname, '../src')
const providers = await Promise.all(
  globSync('*/provider.ts', { cwd: sources }).map(async (file) => {
    const module = (await import(join(sources, file))) as { readonly provider: Connector }
    return [file, module.provider] as const
  }),
)

describe.each(providers)('%s', (_, provider) => {
  it('is a connector', () => {
    expect(checkConnector(provider)).toBe(provider)
  })

  it('describes the example of every rule by that rule', () => {
    const rules = provider.errors ?? []
    expect(rules.length).toBeGreaterThan(0)
    for (const { then, example } of rules) {
      const { waitMs, ...expected } = then
      const answer = { status: example.status, headers: new Headers(example.headers), body: example.body, now: 0 }
      expect(classifyResponse(answer, provider)).toMatchObject({
        ...expected,
        ...(waitMs === undefined ? {} : { retryAfterMs: waitMs }),
      })
    }
  })
})
