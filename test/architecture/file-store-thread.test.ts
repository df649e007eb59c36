import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { expect, test } from 'vitest'

const worker = pathToFileURL(join(import.meta.dirname, '../../packages/adapters/src/file/file-store-worker.ts')).href

/** Prints the URL of every module that is loaded with the thread of a file store. It does nothing where it is no thread. */
const LIST = `
import { registerHooks } from 'node:module'
registerHooks({ load: (url, context, next) => (console.log(url), next(url, context)) })
await import('${worker}')
`

test('the thread of a file store loads what it runs, and nothing else of Holdfast', () => {
  const printed = execFileSync(
    process.execPath,
    ['--conditions=@holdfast/source', '--no-warnings', '--input-type=module', '--eval', LIST],
    { cwd: join(import.meta.dirname, '../../packages/adapters'), encoding: 'utf8' },
  )
  const modules = printed
    .split('\n')
    .filter((url) => url.startsWith('file:'))
    .map((url) => url.replace(/^.*\/packages\//, ''))
  expect(modules.toSorted()).toEqual([
    'adapters/src/file/effect-table.ts',
    'adapters/src/file/file-store-worker.ts',
    'adapters/src/file/state-table.ts',
    'adapters/src/file/table.ts',
    'webhook-receiver/src/sqlite-kit/index.ts',
    'webhook-receiver/src/sqlite-kit/sqlite-batch.ts',
  ])
})
