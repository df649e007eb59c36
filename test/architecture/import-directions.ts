// Who may import whom. The table is the architecture; the lint rules repeat what they can say of it while one types.
import type { SourceModule } from './source-modules.ts'

/** What the modules of some areas may import besides their own area. An area is a folder under a package's src. */
interface Direction {
  readonly from: readonly string[]
  readonly may: readonly string[]
}

// What every other folder of core may stand on; the spine knows no policy.
const ground = ['core/abort', 'core/random', 'core/time']
const spine = ['core/connectors', 'core/errors', 'core/events', 'core/limit-reading', 'core/options', 'core/state']

// Of what keeps events on a server.
const onServer = [
  '@holdfast/core',
  '@holdfast/webhook-receiver',
  '@holdfast/webhook-receiver/buffer-kit',
  'node:*',
  'peer',
]

/** Policies never import each other: they meet in core/fetch. */
export const policies: readonly string[] = [
  'core/auth',
  'core/bulkhead',
  'core/circuit-breaker',
  'core/hedge',
  'core/idempotency',
  'core/rate-limit',
  'core/retry',
  'core/timeout',
]

/** The third-party libraries of core and webhook-receiver, each with the areas that stand in front of it, one in a package. */
export const libraryOwners: Readonly<Record<string, readonly string[]>> = {
  eventemitter3: ['core/events'],
  jose: ['webhook-receiver/verify'],
  ky: ['core/client'],
  opossum: ['core/circuit-breaker'],
  'p-retry': ['core/retry'],
  'structured-headers': ['core/limit-reading', 'webhook-receiver/verify'],
}

/** First match wins. `core/*` is any area of core; `!core/fetch` takes one away again. */
export const directions: readonly Direction[] = [
  { from: ground, may: [] },
  { from: spine, may: [...ground, ...spine] },
  { from: policies, may: ['core/*', ...without([...policies, 'core/client', 'core/fetch', 'core/testing'])] },
  { from: ['core/testing'], may: ['core/*', 'node:*'] },
  { from: ['core/client'], may: ['core/*', ...without(['core/testing'])] },
  // What loads createFetch never loads the client.
  { from: ['core/index', 'core/fetch'], may: ['core/*', ...without(['core/client', 'core/testing'])] },
  { from: ['core/*'], may: ['core/*', ...without([...policies, 'core/client', 'core/fetch', 'core/testing'])] },

  // Threads of databases load it, and nothing else.
  { from: ['webhook-receiver/sqlite-kit'], may: [] },
  {
    from: ['webhook-receiver/disk'],
    may: [
      '@holdfast/core',
      'webhook-receiver/buffer',
      'webhook-receiver/buffer-kit',
      'webhook-receiver/errors',
      'webhook-receiver/events',
      'webhook-receiver/sqlite-kit',
      'node:*',
    ],
  },
  {
    from: ['webhook-receiver/cli'],
    may: ['@holdfast/core', 'webhook-receiver/*', ...without(['webhook-receiver/testing']), 'node:*'],
  },
  {
    from: ['webhook-receiver/testing'],
    may: ['@holdfast/core', '@holdfast/core/testing', 'webhook-receiver/*', 'node:*'],
  },
  {
    from: ['webhook-receiver/*'],
    may: [
      '@holdfast/core',
      'webhook-receiver/*',
      ...without(['webhook-receiver/cli', 'webhook-receiver/disk', 'webhook-receiver/testing']),
    ],
  },

  { from: ['adapters/connectors'], may: ['@holdfast/core'] },
  { from: ['adapters/node-http'], may: ['@holdfast/core', '@holdfast/webhook-receiver', 'node:*'] },
  // Its directory is made as those of buffers are.
  {
    from: ['adapters/file'],
    may: [
      '@holdfast/core',
      '@holdfast/webhook-receiver',
      '@holdfast/webhook-receiver/buffer-kit',
      '@holdfast/webhook-receiver/disk',
      '@holdfast/webhook-receiver/sqlite-kit',
      'node:*',
    ],
  },
  // Who keeps events on a server.
  { from: ['adapters/redis'], may: onServer },
  { from: ['adapters/postgres'], may: [...onServer, 'adapters/pg'] },
  { from: ['adapters/web'], may: ['@holdfast/core', '@holdfast/webhook-receiver', 'adapters/node-http'] },
  // The peer of an adapter is checked apart: it must be declared, and be one.
  {
    from: ['adapters/*'],
    may: ['@holdfast/core', '@holdfast/webhook-receiver', 'adapters/node-http', 'adapters/web', 'node:*', 'peer'],
  },
]

/** Every import that the table does not allow, as `module -> import`. */
export function misdirectedImports(modules: readonly SourceModule[], peers: readonly string[]): readonly string[] {
  return modules.flatMap((module) => {
    const from = areaOf(module.path)
    const direction = directions.find((candidate) => candidate.from.some((pattern) => matches(pattern, from)))
    return module.imports
      .filter(({ target }) => {
        const to = nameOf(target, peers)
        return (
          to !== from &&
          libraryOwners[to]?.includes(from) !== true &&
          (direction === undefined || !permits(direction.may, to))
        )
      })
      .map(({ specifier }) => `${module.path} -> ${specifier}`)
  })
}

/** `packages/core/src/retry/backoff.ts` is in `core/retry`; files directly in src are in `core/index`. */
export function areaOf(path: string): string {
  const [, packageName, , folder, ...rest] = path.split('/')
  return `${packageName}/${rest.length === 0 ? 'index' : folder}`
}

/** Each cycle that imports make, type imports included, as the paths along it. */
export function importCycles(modules: readonly SourceModule[]): readonly string[] {
  const graph = new Map(modules.map(({ path, imports }) => [path, imports.map(({ target }) => target)]))
  const done = new Set<string>()
  const cycles: string[] = []
  const visit = (path: string, trail: readonly string[]): void => {
    if (trail.includes(path)) {
      cycles.push([...trail.slice(trail.indexOf(path)), path].join(' -> '))
      return
    }
    if (done.has(path)) return
    for (const target of graph.get(path) ?? []) visit(target, [...trail, path])
    done.add(path)
  }
  for (const path of graph.keys()) visit(path, [])
  return cycles
}

function nameOf(target: string, peers: readonly string[]): string {
  if (target.startsWith('packages/')) return areaOf(target)
  const library = target.startsWith('@') ? target.split('/').slice(0, 2).join('/') : (target.split('/')[0] ?? target)
  return peers.includes(library) ? 'peer' : target
}

function permits(may: readonly string[], area: string): boolean {
  return !may.includes(`!${area}`) && may.some((pattern) => matches(pattern, area))
}

function matches(pattern: string, area: string): boolean {
  return pattern.endsWith('*') ? area.startsWith(pattern.slice(0, -1)) : pattern === area
}

function without(areas: readonly string[]): readonly string[] {
  return areas.map((area) => `!${area}`)
}
