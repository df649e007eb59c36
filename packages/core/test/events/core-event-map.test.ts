import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { coreEvents } from '../../src/events/core-event-map.ts'

it('docs/events.md lists every event of core with its severity, and no other', () => {
  const page = readFileSync(new URL('../../../../docs/events.md', import.meta.url), 'utf8')
  const section = /^## Core$([\s\S]*?)(?=^## )/m.exec(page)?.[1] ?? ''
  const rows = [...section.matchAll(/^\| `([^`]+)` \| .+ \| (\S+) \|$/gm)].map(([, name, severity]) => [name, severity])
  expect(rows).toEqual(Object.entries(coreEvents))
})
