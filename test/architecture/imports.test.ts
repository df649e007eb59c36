import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { areaOf, importCycles, libraryOwners, misdirectedImports } from './import-directions.ts'
import { parseModule, readModules, root, type SourceModule } from './source-modules.ts'

const sources = readModules('packages/*/src/**/*.ts')
const peers = Object.keys(manifestOf('adapters').peerDependencies ?? {})

describe('the sources', () => {
  it('import only in the directions of the table', () => {
    expect(sources.length).toBeGreaterThan(0)
    expect(misdirectedImports(sources, peers)).toEqual([])
  })

  it('import in no circle, not even by types', () => {
    expect(importCycles(sources)).toEqual([])
  })

  it('import only what exists', () => {
    const known = new Set(sources.map(({ path }) => path))
    const missing = sources.flatMap(({ path, imports }) =>
      imports
        .filter(({ target }) => target.startsWith('packages/') && target.endsWith('.ts') && !known.has(target))
        .map(({ specifier }) => `${path} -> ${specifier}`),
    )
    expect(missing).toEqual([])
  })

  it.each(Object.entries(libraryOwners))('have one file per owner that imports %s', (library, owners) => {
    const importers = sources.filter(({ imports }) => imports.some(({ target }) => target === library))
    expect(importers.map(({ path }) => areaOf(path)).sort()).toEqual(owners)
  })

  it('touch files in disk/node-file-system.ts only', () => {
    const importers = sources
      .filter(({ path }) => !/\/src\/(cli|testing)\//.test(path))
      .filter(({ imports }) => imports.some(({ target }) => /^node:fs(\/|$)/.test(target)))
    expect(importers.map(({ path }) => path).filter((path) => !path.endsWith('/disk/node-file-system.ts'))).toEqual([])
  })

  it('load the signer, which only tests need, with nothing that receives', () => {
    const entries = ['index', 'disk/index', 'gateway/index'].map((file) => `packages/webhook-receiver/src/${file}.ts`)
    const loaded = reachable(entries)
    expect(loaded.size).toBeGreaterThan(100)
    expect([...loaded].filter((path) => path.startsWith('packages/webhook-receiver/src/signing/'))).toEqual([])
  })

  it('use at most one library per adapter', () => {
    const libraries = new Map<string, Set<string>>()
    for (const { path, imports } of sources.filter((module) => module.path.startsWith('packages/adapters/'))) {
      const used = libraries.get(areaOf(path)) ?? new Set<string>()
      for (const { target } of imports) if (peers.includes(target)) used.add(target)
      libraries.set(areaOf(path), used)
    }
    expect([...libraries].filter(([, used]) => used.size > 1).map(([area]) => area)).toEqual([])
  })
})

describe('tests and examples', () => {
  it('import other packages by their published names', () => {
    const outside = [...readModules('test/**/*.ts'), ...readModules('examples/**/*.ts')]
    const inside = readModules('packages/*/{test,bench}/**/*.ts')
    const intoPackages = (module: SourceModule): readonly string[] =>
      module.imports
        .filter(({ target }) => target.startsWith('packages/') && !target.startsWith(ownPackage(module.path)))
        .map(({ specifier }) => `${module.path} -> ${specifier}`)
    expect([...outside, ...inside].flatMap(intoPackages)).toEqual([])
  })
})

describe('misdirectedImports', () => {
  const breaks = (path: string, specifier: string): boolean =>
    misdirectedImports([parseModule(path, `import type { X } from '${specifier}'`)], ['express']).length > 0

  it.each([
    ['packages/core/src/time/a.ts', '../events/b.ts'],
    ['packages/core/src/errors/a.ts', '../retry/b.ts'],
    ['packages/core/src/options/a.ts', '../retry/b.ts'],
    ['packages/core/src/classification/a.ts', '../retry/b.ts'],
    ['packages/core/src/retry/a.ts', '../timeout/b.ts'],
    ['packages/core/src/retry/a.ts', '../fetch/b.ts'],
    ['packages/core/src/retry/a.ts', 'opossum'],
    ['packages/core/src/retry/a.ts', '../client/b.ts'],
    ['packages/core/src/errors/a.ts', '../client/b.ts'],
    ['packages/core/src/client/a.ts', '../testing/b.ts'],
    ['packages/core/src/fetch/a.ts', 'ky'],
    ['packages/core/src/fetch/a.ts', '../testing/b.ts'],
    ['packages/core/src/fetch/a.ts', 'node:crypto'],
    ['packages/core/src/fetch/a.ts', 'left-pad'],
    ['packages/core/src/index.ts', '@holdfast/webhook-receiver'],
    ['packages/webhook-receiver/src/receiver/a.ts', '../disk/b.ts'],
    ['packages/webhook-receiver/src/receiver/a.ts', 'node:crypto'],
    ['packages/webhook-receiver/src/receiver/a.ts', '@holdfast/core/testing'],
    ['packages/webhook-receiver/src/disk/a.ts', '../receiver/b.ts'],
    ['packages/webhook-receiver/src/index.ts', '@holdfast/adapters/express'],
    ['packages/adapters/src/hono/a.ts', '../express/b.ts'],
    ['packages/adapters/src/hono/a.ts', 'undeclared'],
    ['packages/adapters/src/connectors/a.ts', 'express'],
  ])('refuses in %s the import of %s', (path, specifier) => {
    expect(breaks(path, specifier)).toBe(true)
  })

  it.each([
    ['packages/core/src/retry/a.ts', '../errors/b.ts'],
    ['packages/core/src/retry/a.ts', 'p-retry'],
    ['packages/core/src/fetch/a.ts', '../retry/b.ts'],
    ['packages/core/src/client/a.ts', '../fetch/b.ts'],
    ['packages/core/src/client/a.ts', 'ky'],
    ['packages/core/src/testing/a.ts', '../fetch/b.ts'],
    ['packages/webhook-receiver/src/disk/a.ts', '../buffer/b.ts'],
    ['packages/webhook-receiver/src/receiver/a.ts', '@holdfast/core'],
    ['packages/adapters/src/express/a.ts', '../node-http/b.ts'],
    ['packages/adapters/src/express/a.ts', 'express'],
  ])('allows in %s the import of %s', (path, specifier) => {
    expect(breaks(path, specifier)).toBe(false)
  })
})

describe('importCycles', () => {
  it('finds a circle of type imports and re-exports', () => {
    const modules = [
      parseModule('packages/core/src/a/a.ts', `import type { B } from '../b/b.ts'`),
      parseModule('packages/core/src/b/b.ts', `export type { C } from './c.ts'`),
      parseModule('packages/core/src/b/c.ts', `export const load = () => import('../a/a.ts')`),
    ]
    expect(importCycles(modules)).toEqual([
      'packages/core/src/a/a.ts -> packages/core/src/b/b.ts -> packages/core/src/b/c.ts -> packages/core/src/a/a.ts',
    ])
  })

  it('does not mistake an import in a comment for one', () => {
    const text = `/** import { a } from './a.ts' */\nexport const x = 1`
    expect(parseModule('packages/core/src/a/a.ts', text).imports).toEqual([])
  })
})

/** Everything that these modules import, and what that imports. */
function reachable(entries: readonly string[]): ReadonlySet<string> {
  const graph = new Map(sources.map(({ path, imports }) => [path, imports.map(({ target }) => target)]))
  const found = new Set<string>(entries)
  for (const path of found) for (const target of graph.get(path) ?? []) found.add(target)
  return found
}

function ownPackage(path: string): string {
  return path.startsWith('packages/') ? `${path.split('/').slice(0, 2).join('/')}/` : 'packages/none/'
}

function manifestOf(name: string): { readonly peerDependencies?: Readonly<Record<string, string>> } {
  return JSON.parse(readFileSync(join(root, 'packages', name, 'package.json'), 'utf8')) as ReturnType<typeof manifestOf>
}
