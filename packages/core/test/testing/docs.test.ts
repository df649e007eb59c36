import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { limitDialects, upstreamFaults, type UpstreamFault } from '../../src/testing/index.ts'
import { resolveUpstreamLimit } from '../../src/testing/upstream/upstream-limit.ts'
import { resolveReply } from '../../src/testing/upstream/upstream-reply.ts'
import { faultFacts } from './upstream/fault-facts.ts'

const page = readFileSync(new URL('../../../../docs/testing.md', import.meta.url), 'utf8')
const section = (heading: string): string => page.split(`\n## ${heading}\n`)[1]?.split('\n## ')[0] ?? ''

describe('docs/testing.md', () => {
  it('lists every fault with what it does and what it means', () => {
    const rows = [...section('Faults').matchAll(/^\| `(\w+)` \| (.+?) \| (.+?) \|$/gm)].map(([, ...cells]) => cells)
    expect(rows).toEqual(
      (Object.entries(upstreamFaults) as [UpstreamFault, string][]).map(([fault, text]) => {
        const facts = faultFacts[fault]
        return [fault, text, facts ? `\`${facts.code}\` \`${facts.reason}\`, ${facts.delivery}` : 'nothing']
      }),
    )
  })

  it('lists every dialect', () => {
    const [lists = ''] = section('Dialects').split('A dialect is data')
    expect([...lists.matchAll(/`(\w+)`/g)].map(([, name]) => name)).toEqual(Object.keys(limitDialects))
  })

  it('lists the defaults as they are', () => {
    const rows = [...section('Defaults').matchAll(/^\| `(\w+)` \| `([\w.]+)` \|/gm)].map(([, name = '', text = '']) => [
      name,
      /^\d|^Infinity$/.test(text) ? Number(text.replaceAll('_', '')) : text,
    ])
    const { status, delayMs, bytesPerChunk, chunkDelayMs } = resolveReply({}, 0)
    const { model, windowMs, dialect } = resolveUpstreamLimit({ limit: 1 })
    expect(dialect).toBe(limitDialects.retry_after)
    expect(Object.fromEntries(rows)).toEqual({
      status,
      delayMs,
      bytesPerChunk,
      chunkDelayMs,
      model,
      windowMs,
      dialect: 'retry_after',
    })
  })
})
