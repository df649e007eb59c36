import { existsSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'

interface Page {
  readonly name: string
  readonly columns: readonly string[]
  /** At least so many capabilities are compared. */
  readonly rows: number
}

const outbound: Page = {
  name: 'comparison.md',
  rows: 60,
  columns: [
    'Holdfast',
    'ky',
    'got',
    'axios-retry',
    'cockatiel',
    'opossum',
    'undici RetryAgent',
    'octokit plugins',
    'bottleneck',
    'AWS SDK',
    'Polly',
    'resilience4j',
    'failsafe-go',
  ],
}

const inbound: Page = {
  name: 'webhook-comparison.md',
  rows: 35,
  columns: ['Holdfast', 'webhook.co', 'Trigger.dev', 'Hookdeck', 'Convoy', 'tern', 'svix', 'octokit', 'stripe'],
}

interface Cell {
  readonly verdict: string | undefined
  /** The file of the test, relative to the page, and the title in it. */
  readonly proof: { readonly file: string; readonly title: string } | undefined
}

interface Row {
  readonly capability: string
  readonly ours: Cell
  readonly others: readonly Cell[]
}

function cellOf(source: string): Cell {
  const link = /^\[(?<words>[^\]]+)\]\((?<file>\S+) "(?<title>.+)"\)$/.exec(source)?.groups
  const [verdict] = /^(?:yes|no|partial(?=:|$)|\?$)/.exec(link?.words ?? source) ?? []
  return { verdict, proof: link === undefined ? undefined : { file: link.file ?? '', title: link.title ?? '' } }
}

describe.each([outbound, inbound])('docs/$name', ({ name, columns, rows: atLeast }) => {
  const page = new URL(`../../docs/${name}`, import.meta.url)
  const text = readFileSync(page, 'utf8')

  /** The tables in which we stand. */
  const tables = text
    .split(/\n## /)
    .map((section) => section.split('\n').filter((line) => line.startsWith('| ')))
    .filter(([head = '']) => head.startsWith('| | Holdfast |'))

  const rows: readonly Row[] = tables.flatMap((lines) =>
    lines.slice(1).map((line) => {
      const [capability = '', ours = '', ...others] = line.slice(2, -2).split(' | ')
      return { capability, ours: cellOf(ours), others: others.map(cellOf) }
    }),
  )

  const reasons = [...text.matchAll(/^- \*\*(.+?):\*\* /gm)].map(([, capability]) => capability)

  it('has the same columns in every table, and a verdict in every cell', () => {
    expect(rows.length).toBeGreaterThan(atLeast)
    for (const [head = ''] of tables) expect(head.slice(4, -2).split(' | ')).toEqual(columns)
    for (const { capability, ours, others } of rows) {
      expect([ours, ...others], capability).toHaveLength(columns.length)
      for (const { verdict } of [ours, ...others]) expect(verdict, capability).toBeDefined()
    }
  })

  it('proves each yes and each partial of ours with a test', () => {
    const unproven = rows.filter(({ ours }) => ours.verdict !== 'no' && ours.proof === undefined)
    expect(unproven.map(({ capability }) => capability)).toEqual([])
  })

  it('names tests that there are', () => {
    const proofs = [...text.matchAll(/\]\((?<file>\S+\.test\.ts) "(?<title>[^"]+)"\)/g)].map(({ groups }) => ({
      file: groups?.['file'] ?? '',
      title: groups?.['title'] ?? '',
    }))
    expect(proofs.length).toBeGreaterThanOrEqual(rows.filter(({ ours }) => ours.proof !== undefined).length)
    const missing = proofs.filter(({ file, title }) => {
      const path = new URL(file, page)
      const quotes = ["'", '"', '`']
      return !existsSync(path) || !quotes.some((quote) => readFileSync(path, 'utf8').includes(quote + title + quote))
    })
    expect(missing).toEqual([])
  })

  it('gives a reason for each no and each partial of ours beside a yes of theirs, and for nothing else', () => {
    const wanted = rows.filter(
      ({ ours, others }) => ours.verdict !== 'yes' && others.some(({ verdict }) => verdict === 'yes'),
    )
    expect(reasons).toEqual(wanted.map(({ capability }) => capability))
  })
})

it('docs/comparison.md gives the size that is checked', () => {
  const [limit] = JSON.parse(readFileSync(new URL('../../.size-limit.json', import.meta.url), 'utf8')) as {
    readonly name: string
    readonly limit: string
  }[]
  expect(limit?.name).toBe('core: createFetch')
  const text = readFileSync(new URL('../../docs/comparison.md', import.meta.url), 'utf8')
  expect(text).toContain(`every policy | at most ${limit?.limit} |`)
})
