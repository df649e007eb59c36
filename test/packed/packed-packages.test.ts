import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { root, workspacePackages } from '../../scripts/packages.ts'
import { installPacked, link, type PackedPackage, packWorkspace, temporaryDirectory } from './packed-workspace.ts'

const directory = temporaryDirectory()
let packed: readonly PackedPackage[] = []

beforeAll(() => {
  packed = packWorkspace(directory.path)
}, 300_000)

// Tens of thousands of files.
afterAll(() => directory.remove(), 60_000)

const subpaths = workspacePackages().flatMap(({ name, subpaths: all }) => all.map((subpath) => ({ name, ...subpath })))

// Where the platform is the point.
const platformSubpaths = ['./cli', './disk', './testing']

describe('the packed packages', () => {
  it('hold every file that exports names, a licence and a README', () => {
    for (const { unpacked, subpaths: all } of packed) {
      const files = [...all.flatMap((subpath) => [subpath.types, subpath.default]), 'LICENSE', 'README.md']
      expect(files.filter((file) => !existsSync(join(unpacked, file)))).toEqual([])
    }
  })

  it('depend on each other by version', () => {
    for (const { manifest } of packed) {
      for (const [name, range] of Object.entries(manifest.dependencies ?? {})) {
        if (name.startsWith('@holdfast/')) expect(range).toBe(manifest.version)
      }
    }
  })

  it('let a bundler take the guard of errors without createFetch and what that depends on', () => {
    const dist = join(packageOf('@holdfast/core').unpacked, 'dist')
    const index = readFileSync(join(dist, 'index.js'), 'utf8')
    const imports = [...index.matchAll(/import \{([^}]*)\} from "([^"]*)"/g)]
    const file = imports.find(([, names]) => names?.includes('isIntegrationError'))?.[2]
    expect(file).toMatch(/^\.\/chunk-/)
    expect(readFileSync(join(dist, file as string), 'utf8')).not.toMatch(/from "[^.]/)
  })
})

describe.each(subpaths)('$specifier', ({ name, specifier, default: file }) => {
  it('is imported and required with no peer but its own, and loads no other', () => {
    const own = packageOf(name)
    const peers = Object.keys(own.manifest.peerDependencies ?? {})
    const ownPeers = peersOf(join(own.unpacked, file), peers)
    expect(ownPeers.length).toBeLessThanOrEqual(1)

    const application = installPacked(directory.path, packed, ownPeers)
    const imported = load(application, 'import', specifier)
    const required = load(application, 'require', specifier)

    expect(imported.exports.length).toBeGreaterThan(0)
    // Proof that the packed files ran, and not the workspace's.
    expect(imported.loaded.filter(({ url }) => url.includes(`/node_modules/${name}/dist/`))).not.toEqual([])
    expect(imported.loaded.filter(({ url }) => url.startsWith(pathToFileURL(join(root, 'packages')).href))).toEqual([])
    expect(withoutInterop(required.exports)).toEqual(withoutInterop(imported.exports))
  })
})

describe.each(subpaths.filter(({ name, key }) => name !== '@holdfast/adapters' && !platformSubpaths.includes(key)))(
  '$specifier',
  ({ specifier }) => {
    it('asks nothing of Node.js itself', () => {
      const { loaded } = load(installPacked(directory.path, packed, []), 'import', specifier)
      const builtins = loaded.filter(({ url, by }) => url.startsWith('node:') && /\/@holdfast\/[^/]+\/dist\//.test(by))
      expect(builtins).toEqual([])
    })
  },
)

describe.each([
  ['6', 'typescript'],
  ['7', 'typescript7'],
])('TypeScript %s', (_, compiler) => {
  it('accepts the declarations of every subpath with skipLibCheck off', () => {
    const application = installPacked(
      directory.path,
      packed,
      packed.flatMap(({ manifest }) => Object.keys(manifest.peerDependencies ?? {})),
    )
    link(join(root, 'node_modules/@types/node'), join(application, 'node_modules/@types/node'))
    const imports = subpaths.map(
      ({ specifier }, index) => `import * as m${index} from '${specifier}'\nexport { m${index} }`,
    )
    writeFileSync(join(application, 'package.json'), '{ "type": "module" }')
    const uses = `import { createFetch } from '@holdfast/core'\nexport const resilient: typeof fetch = createFetch()`
    writeFileSync(join(application, 'consumer.ts'), `${[...imports, uses].join('\n')}\n`)
    writeFileSync(
      join(application, 'tsconfig.json'),
      JSON.stringify({
        compilerOptions: {
          target: 'ES2023',
          lib: ['ES2023', 'ESNext.Disposable'],
          module: 'NodeNext',
          strict: true,
          exactOptionalPropertyTypes: true,
          skipLibCheck: false,
          noEmit: true,
          types: ['node'],
        },
        files: ['consumer.ts'],
      }),
    )
    const tsc = join(root, 'node_modules', compiler, 'bin/tsc')
    const { status, stdout } = spawnSync(process.execPath, [tsc, '-p', application], { encoding: 'utf8' })
    expect({ status, stdout }).toEqual({ status: 0, stdout: '' })
  }, 120_000)
})

function packageOf(name: string): PackedPackage {
  const found = packed.find((candidate) => candidate.name === name)
  if (found === undefined) throw new Error(`${name} was not packed`)
  return found
}

/** The peers that a built file imports, itself or through the chunks it shares with others. */
function peersOf(file: string, peers: readonly string[], seen = new Set<string>()): readonly string[] {
  if (seen.has(file)) return []
  seen.add(file)
  const specifiers = [...readFileSync(file, 'utf8').matchAll(/(?:from|import)\s*\(?["']([^"']+)["']/g)].map(
    ([, specifier = '']) => specifier,
  )
  const direct = peers.filter((peer) =>
    specifiers.some((specifier) => specifier === peer || specifier.startsWith(`${peer}/`)),
  )
  const shared = specifiers.filter((specifier) => specifier.startsWith('.'))
  return [...new Set([...direct, ...shared.flatMap((specifier) => peersOf(join(file, '..', specifier), peers, seen))])]
}

interface Loaded {
  readonly exports: readonly string[]
  readonly loaded: readonly { readonly url: string; readonly by: string }[]
}

function load(application: string, how: 'import' | 'require', specifier: string): Loaded {
  const recorder = join(import.meta.dirname, 'record-modules.ts')
  const { status, stdout, stderr } = spawnSync(process.execPath, [recorder, how, specifier], {
    cwd: application,
    encoding: 'utf8',
    // Node's own options of the test runner are not the application's.
    env: { ...process.env, NODE_OPTIONS: '' },
  })
  if (status !== 0) throw new Error(`${how} of ${specifier} failed:\n${stderr}`)
  return JSON.parse(stdout) as Loaded
}

// require() of an ES module may add a marker for transpiled callers.
function withoutInterop(names: readonly string[]): readonly string[] {
  return names.filter((name) => name !== '__esModule' && name !== 'module.exports')
}
