import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { defaultPageOptions } from '../../src/client/index.ts'

const page = readFileSync(new URL('../../../../docs/client.md', import.meta.url), 'utf8')

it('docs/client.md lists the defaults of lists as they are', () => {
  const rows = [...page.matchAll(/^\| `(max\w+)` \| `([\w.]+)` \|/gm)].map(([, option, value = '']) => [
    option,
    Number(value.replaceAll('_', '')),
  ])
  expect(Object.fromEntries(rows)).toEqual(defaultPageOptions)
})

it('docs/client.md follows the template', () => {
  const headings = [...page.matchAll(/^## (.+)$/gm)].map(([, heading]) => heading)
  expect(headings).toEqual([
    'About',
    'Usage',
    'Defaults',
    'Events',
    'Errors',
    'How it decides',
    'Patterns',
    'Anti-patterns',
    'Limits',
  ])
})
