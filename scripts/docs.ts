// Keeps the documentation true: every `<!-- snippet: FILE -->` is followed by a fence with exactly that file's text, and every
// relative link leads somewhere. `node scripts/docs.ts` rewrites the fences; with `--check` it only reports.
import { existsSync, globSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'

const root = join(import.meta.dirname, '..')
const checkOnly = process.argv.includes('--check')
const problems: string[] = []

const pages = globSync(['*.md', 'docs/**/*.md', 'packages/*/README.md', 'examples/*/README.md', 'test/**/*.md'], {
  cwd: root,
  exclude: ['**/node_modules/**'],
})

for (const page of pages) {
  const path = join(root, page)
  const text = readFileSync(path, 'utf8')
  const updated = withSnippets(text)
  if (updated !== text) {
    if (checkOnly) problems.push(`${page}: a snippet differs from its file; run \`pnpm docs:update\``)
    else writeFileSync(path, updated)
  }
  for (const target of relativeLinks(updated)) {
    if (!existsSync(join(dirname(path), target))) problems.push(`${page}: the link to ${target} leads nowhere`)
  }
}

for (const problem of problems) process.stderr.write(`${problem}\n`)
if (problems.length > 0) process.exitCode = 1
else process.stdout.write(`${pages.length} pages: snippets and links are right\n`)

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

function relativeLinks(text: string): string[] {
  const prose = text.replace(/```[\s\S]*?```/g, '')
  return [...prose.matchAll(/\]\(([^)\s]+)\)/g)]
    .map((match) => (match[1] ?? '').replace(/#.*$/, ''))
    .filter((target) => target !== '' && !/^[a-z]+:/.test(target))
}
