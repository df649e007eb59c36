import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { ReceiverEventMap } from '../../src/events/receiver-event-map.ts'

const names = Object.keys({
  'buffer:opened': true,
  'buffer:lost': true,
  'webhook:accepted': true,
  'webhook:duplicate': true,
  'webhook:empty': true,
  'webhook:handshake': true,
  'webhook:refused': true,
  'delivery:succeeded': true,
  'delivery:retried': true,
  'delivery:dead-lettered': true,
  'destination:paused': true,
  'destination:resumed': true,
  'destination:failed-over': true,
  'destination:failed-back': true,
  'key:parked': true,
  'key:blocked': true,
  'key:recovered': true,
  'drain:parking-full': true,
  'drain:failed': true,
  'drain:idle': true,
  'listener:error': true,
} satisfies Record<keyof ReceiverEventMap, true>)

test('docs/events.md lists every event of a receiver with a severity, and no other', () => {
  const page = readFileSync(join(import.meta.dirname, '../../../../docs/events.md'), 'utf8')
  const section = /^## Webhook receiver$([\s\S]*?)(?=^## |(?![\s\S]))/m.exec(page)?.[1] ?? ''
  const rows = [...section.matchAll(/^\| `([^`]+)` \| .+ \| (\S+) \|$/gm)]
  expect(rows).toHaveLength(names.length)
  expect(new Set(rows.map(([, name]) => name))).toEqual(new Set(names))
  for (const [, , severity] of rows) expect(['debug', 'info', 'warning', 'error']).toContain(severity)
})
