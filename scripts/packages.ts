// What the scripts need to know of the published packages. Read from their package.json, so that nothing is listed twice.
import { globSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

/** One published package. */
export interface WorkspacePackage {
  /** Absolute path. */
  readonly directory: string
  readonly name: string
  readonly subpaths: readonly Subpath[]
}

/** One entry of a package's `exports`. Paths are relative to the package, with `./` before them. */
export interface Subpath {
  /** `.` or `./name`, as in `exports`. */
  readonly key: string
  /** What a user writes in an import. */
  readonly specifier: string
  readonly source: string
  readonly types: string
  readonly default: string
}

interface Manifest {
  readonly name: string
  readonly exports: Readonly<Record<string, string | Readonly<Record<string, string>>>>
}

/** The repository's root. */
export const root: string = join(import.meta.dirname, '..')

/** Every package under packages/, in the order of its name. */
export function workspacePackages(): readonly WorkspacePackage[] {
  return globSync('packages/*/package.json', { cwd: root })
    .sort()
    .map((file) => {
      const path = join(root, file)
      const manifest = JSON.parse(readFileSync(path, 'utf8')) as Manifest
      return { directory: dirname(path), name: manifest.name, subpaths: subpathsOf(manifest) }
    })
}

function subpathsOf(manifest: Manifest): readonly Subpath[] {
  return Object.entries(manifest.exports).flatMap(([key, target]) => {
    // `./package.json` is data.
    if (typeof target === 'string') return []
    const { '@holdfast/source': source, types, default: main } = target
    if (source === undefined || types === undefined || main === undefined) {
      throw new Error(`${manifest.name} ${key}: expected @holdfast/source, types and default, in this order`)
    }
    return [{ key, specifier: manifest.name + key.slice(1), source, types, default: main }]
  })
}
