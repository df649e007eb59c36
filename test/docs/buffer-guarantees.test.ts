import { readFileSync } from 'node:fs'
import { bufferConformance } from '@holdfast/webhook-receiver/testing'
import { expect, test } from 'vitest'

test('the page about buffers says which cases show each promise', () => {
  const page = readFileSync(new URL('../../docs/writing-a-buffer.md', import.meta.url), 'utf8')
  const rows = [...page.matchAll(/^\| (S\d) \| [^|]+ \| ([^|]+) \|$/gm)]
  const documented = rows.flatMap(([, promise, cases = '']) =>
    cases.split('<br>').map((title) => `${promise}: ${title.trim()}`),
  )
  const titles = bufferConformance.map(({ title }) => title).filter((title) => /^S\d: /.test(title))
  expect(new Set(rows.map(([, promise]) => promise)).size).toBe(7)
  expect(documented.toSorted()).toEqual(titles.toSorted())
})
