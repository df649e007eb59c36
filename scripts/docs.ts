// Keeps the documentation true: every `<!-- snippet: FILE -->` is followed by a fence with exactly that file's text, every
// `<!-- table: NAME -->` by the table of that name, and every relative link leads somewhere. `node scripts/docs.ts` rewrites
// fences and tables; with `--check` it only reports.
import { existsSync, globSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { subpathTable, webhookTable } from './connector-tables.ts'
import { eventTable } from './event-tables.ts'

const root = join(import.meta.dirname, '..')
const checkOnly = process.argv.includes('--check')
const problems: string[] = []
const connectors = join(root, 'packages/adapters/src/connectors')
const tables: Readonly<Record<string, () => string>> = {
  connectors: () => subpathTable(connectors),
  webhooks: () => webhookTable(connectors),
  'core-events': () => eventTable(root, 'packages/core/src/events/core-event-map.ts', 'CoreEventMap'),
  'receiver-events': () =>
    eventTable(root, 'packages/webhook-receiver/src/events/receiver-event-map.ts', 'ReceiverEventMap'),
}

const pages = globSync(['*.md', 'docs/**/*.md', 'packages/*/README.md', 'examples/*/README.md', 'test/**/*.md'], {
  cwd: root,
  exclude: ['**/node_modules/**'],
})

for (const page of pages) {
  const path = join(root, page)
  const text = readFileSync(path, 'utf8')
  const updated = withTables(withSnippets(text))
  if (updated !== text) {
    if (checkOnly) problems.push(`${page}: a snippet or a table is out of date; run \`npx -y pnpm@12 run docs\``)
    else writeFileSync(path, updated)
  }
  for (const target of relativeLinks(updated)) {
    if (!existsSync(join(dirname(path), target))) problems.push(`${page}: the link to ${target} leads nowhere`)
  }
}

for (const problem of problems) process.stderr.write(`${problem}\n`)
if (problems.length > 0) process.exitCode = 1
else process.stdout.write(`${pages.length} pages: snippets, tables and links are right\n`)

function withSnippets(text: string): string {
  return text.replace(/<!-- snippet: (\S+) -->\n```ts\n[\s\S]*?```/g, (_, file: string) => {
    const source = join(root, file)
    if (!existsSync(source)) {
      problems.push(`snippet ${relative(root, source)} does not exist`)
      return _
    }
    return `<!-- snippet: ${file} -->\n\`\`\`ts\n${readFileSync(source, 'utf8')}\`\`\``
  })
}

function withTables(text: string): string {
  return text.replace(/<!-- table: (\S+) -->\n(?:\|.*\n)*/g, (marker, name: string) => {
    const table = tables[name]
    if (table !== undefined) return `<!-- table: ${name} -->\n${table()}\n`
    problems.push(`there is no table ${name}`)
    return marker
  })
}

function relativeLinks(text: string): string[] {
  const prose = text.replace(/```[\s\S]*?```/g, '')
  return [...prose.matchAll(/\]\(([^)\s]+)\)/g)]
    .map((match) => (match[1] ?? '').replace(/#.*$/, ''))
    .filter((target) => target !== '' && !/^[a-z]+:/.test(target))
}
