import { existsSync, globSync, readdirSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { workspacePackages } from '../../scripts/packages.ts'
import { readModules, root } from './source-modules.ts'

interface Manifest {
  readonly name: string
  readonly version: string
  readonly description?: string
  readonly license?: string
  readonly type?: string
  readonly private?: boolean
  readonly sideEffects?: boolean
  readonly files?: readonly string[]
  readonly engines?: Readonly<Record<string, string>>
  readonly exports: Readonly<Record<string, string | Readonly<Record<string, string>>>>
  readonly dependencies?: Readonly<Record<string, string>>
  readonly devDependencies?: Readonly<Record<string, string>>
  readonly peerDependencies?: Readonly<Record<string, string>>
  readonly peerDependenciesMeta?: Readonly<Record<string, { readonly optional?: boolean }>>
}

const packages = workspacePackages().map((workspacePackage) => ({
  ...workspacePackage,
  manifest: JSON.parse(readFileSync(join(workspacePackage.directory, 'package.json'), 'utf8')) as Manifest,
}))

describe.each(packages)('$name', ({ directory, manifest, subpaths }) => {
  it('is ESM without side effects for Node.js 22.13 and newer, and ships only what was built, and data', () => {
    const data = Object.values(manifest.exports).filter((target) => typeof target === 'string')
    expect(manifest).toMatchObject({
      type: 'module',
      sideEffects: false,
      engines: { node: '>=22.13' },
      files: [...data.filter((file) => file !== './package.json').map((file) => file.slice('./'.length)), 'dist'],
      license: 'MIT',
    })
    expect(manifest.private).toBeUndefined()
    expect(manifest.description).toMatch(/^[A-Z].*\.$/)
  })

  it('has the licence and a README that says how to read it', () => {
    expect(readFileSync(join(directory, 'LICENSE'), 'utf8')).toBe(readFileSync(join(root, 'LICENSE'), 'utf8'))
    const readme = readFileSync(join(directory, 'README.md'), 'utf8')
    expect(readme).toContain(`npm install ${manifest.name}`)
    expect(readme).toContain('## How to read this package')
    const files = [...readme.matchAll(/`((?:src|test)\/[^`<]*)`/g)].map(([, file = '']) => file)
    expect(files.length).toBeGreaterThan(0)
    expect(files.filter((file) => !existsSync(join(directory, file)))).toEqual([])
  })

  it('exports the source, then types, then the file, and its package.json', () => {
    expect(manifest.exports['./package.json']).toBe('./package.json')
    for (const [key, target] of Object.entries(manifest.exports)) {
      if (typeof target === 'string') continue
      expect([key, ...Object.keys(target)]).toEqual([key, '@holdfast/source', 'types', 'default'])
    }
    for (const { types, default: file } of subpaths) expect(types).toBe(file.replace(/\.js$/, '.d.ts'))
  })

  it('exports sources that exist', () => {
    expect(subpaths.filter(({ source }) => !existsSync(join(directory, source)))).toEqual([])
  })

  it('pins what it depends on, so that what was tested is what runs', () => {
    for (const version of Object.values({ ...manifest.dependencies, ...manifest.devDependencies })) {
      expect(version).toMatch(/^(\d+\.\d+\.\d+|workspace:\*)$/)
    }
  })
})

describe('the packages', () => {
  it('have one version', () => {
    expect(new Set(packages.map(({ manifest }) => manifest.version)).size).toBe(1)
  })
})

describe('@holdfast/adapters', () => {
  const { directory, manifest, subpaths } = packages[0] ?? never()
  const sources = join(directory, 'src')

  it('has no root', () => {
    expect(Object.keys(manifest.exports)).not.toContain('.')
  })

  it('has a subpath for each folder under src and each connector, and no others', () => {
    const folders = readdirSync(sources, { withFileTypes: true })
      .filter((entry) => entry.isDirectory() && entry.name !== 'connectors')
      .map(({ name }) => `./src/${name}/index.ts`)
    const connectors = globSync('connectors/*.ts', { cwd: sources }).map((file) => `./src/${file}`)
    expect(subpaths.map(({ source }) => source).sort()).toEqual([...folders, ...connectors].sort())
    for (const { key, source } of subpaths)
      expect(source.replace(/^\.\/src/, '.').replace(/(\/index)?\.ts$/, '')).toBe(key)
  })

  it('has a page in docs/adapters for each subpath that is no connector', () => {
    const adapters = subpaths.map(({ key }) => key.slice(2)).filter((key) => !key.startsWith('connectors/'))
    expect(adapters.filter((name) => !existsSync(join(root, 'docs/adapters', `${name}.md`)))).toEqual([])
  })

  it('describes each subpath in its README', () => {
    const readme = readFileSync(join(directory, 'README.md'), 'utf8')
    expect(
      subpaths.map(({ specifier }) => specifier).filter((specifier) => !readme.includes(`\`${specifier}\``)),
    ).toEqual([])
  })

  it('declares every peer as optional, with a version of it to test against', () => {
    const peers = Object.keys(manifest.peerDependencies ?? {})
    expect(Object.keys(manifest.peerDependenciesMeta ?? {}).sort()).toEqual(peers.sort())
    for (const peer of peers) {
      expect(manifest.peerDependenciesMeta?.[peer]).toEqual({ optional: true })
      expect(Object.keys(manifest.devDependencies ?? {})).toContain(peer)
    }
  })

  it('declares as peers only what it imports, because npm installs beside no other version of a peer', () => {
    const imported = new Set(
      readModules(`packages/${basename(directory)}/src/**/*.ts`).flatMap(({ imports }) =>
        imports.map(({ target }) => target),
      ),
    )
    expect(Object.keys(manifest.peerDependencies ?? {}).filter((peer) => !imported.has(peer))).toEqual([])
  })

  it('keeps its sources in folders', () => {
    expect(readModules('packages/adapters/src/*.ts')).toEqual([])
  })
})

function never(): never {
  throw new Error('packages/adapters is not there')
}
