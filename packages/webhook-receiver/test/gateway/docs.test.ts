import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { ReceiverEventMap } from '../../src/events/receiver-event-map.ts'
import { defaultGatewayOptions, defaultHealthOptions, type GatewayEventMap } from '../../src/gateway/index.ts'

const page = readFileSync(join(import.meta.dirname, '../../../../docs/gateway.md'), 'utf8')

test('docs/gateway.md tells every default', () => {
  const rows = page.slice(page.indexOf('## Defaults'), page.indexOf('## Events'))
  for (const [name, value] of Object.entries(defaultGatewayOptions)) {
    if (name === 'maxTrackedKeys') continue
    expect(rows).toContain(`\`${name}\``)
    for (const each of [value].flat()) expect(rows).toContain(`\`${printed(each)}\``)
  }
  for (const [name, value] of Object.entries(defaultHealthOptions)) {
    expect(rows).toContain(`\`health.${name}\``)
    expect(rows).toContain(printed(value))
  }
})

test('docs/gateway.md lists every event of its own, and no other', () => {
  const names = Object.keys({
    'gateway:mode-changed': true,
    'gateway:probe-failed': true,
    'gateway:captured': true,
    'gateway:forwarded': true,
    'gateway:refused': true,
  } satisfies Record<Exclude<keyof GatewayEventMap, keyof ReceiverEventMap>, true>)
  const section = page.slice(page.indexOf('## Events'), page.indexOf('## Errors'))
  expect([...section.matchAll(/^\| `(gateway:[^`]+)` \|/gm)].map(([, name]) => name)).toEqual(names)
})

function printed(value: string | number): string {
  return typeof value === 'number' && value >= 1_000 ? String(value).replace(/\B(?=(\d{3})+$)/g, '_') : String(value)
}
