// Builds and packs the three packages as a release would, and installs them by hand: each gets what its package.json declares
// and nothing else, so that a dependency somebody forgot to declare is not found. No registry is asked.
import { spawnSync } from 'node:child_process'
import {
  cpSync,
  globSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { buildStale } from '../../scripts/build-stale.ts'
import { type WorkspacePackage, workspacePackages } from '../../scripts/packages.ts'
import { pnpm } from '../../scripts/pnpm.ts'

/** What npm would download, unpacked. */
export interface PackedPackage extends WorkspacePackage {
  /** Where its files are. */
  readonly unpacked: string
  readonly manifest: PackedManifest
}

/** The part of a published package.json that the tests look at. */
export interface PackedManifest {
  readonly version: string
  readonly dependencies?: Readonly<Record<string, string>>
  readonly peerDependencies?: Readonly<Record<string, string>>
}

/** Packs every package below `directory`; builds first what is older than its sources. */
export function packWorkspace(directory: string): readonly PackedPackage[] {
  buildStale()
  return workspacePackages().map((workspacePackage) => {
    const destination = mkdtempSync(join(directory, 'pack-'))
    const [command, ...prefix] = pnpm
    run(command, [...prefix, 'pack', '--pack-destination', destination], workspacePackage.directory)
    const tarball = globSync('*.tgz', { cwd: destination })[0]
    if (tarball === undefined) throw new Error(`${workspacePackage.name} was not packed`)
    run('tar', ['-xzf', tarball], destination)
    const unpacked = join(destination, 'package')
    const manifest = JSON.parse(readFileSync(join(unpacked, 'package.json'), 'utf8')) as PackedManifest
    return { ...workspacePackage, unpacked, manifest }
  })
}

/** Makes an application's directory in which the packages are installed, and of their peers only `peers`. */
export function installPacked(directory: string, packages: readonly PackedPackage[], peers: readonly string[]): string {
  const application = mkdtempSync(join(directory, 'app-'))
  for (const { name, directory: sources, unpacked, manifest } of packages) {
    const installed = join(application, 'node_modules', name)
    cpSync(unpacked, installed, { recursive: true })
    const wanted = [
      ...Object.keys(manifest.dependencies ?? {}),
      ...Object.keys(manifest.peerDependencies ?? {}).filter((peer) => peers.includes(peer)),
    ]
    // The link leads into pnpm's store, where a library finds its own dependencies and no others.
    for (const dependency of wanted.filter((candidate) => !candidate.startsWith('@holdfast/'))) {
      link(join(sources, 'node_modules', dependency), join(installed, 'node_modules', dependency))
    }
  }
  writeFileSync(join(application, 'import.mjs'), 'export const load = (specifier) => import(specifier)\n')
  writeFileSync(
    join(application, 'require.mjs'),
    `import { createRequire } from 'node:module'\nexport const load = createRequire(import.meta.url)\n`,
  )
  return application
}

/** Links a library of the workspace into an application. */
export function link(from: string, to: string): void {
  mkdirSync(dirname(to), { recursive: true })
  symlinkSync(realpathSync(from), to)
}

/** A directory of its own below the system's temporary one. */
export function temporaryDirectory(): { readonly path: string; readonly remove: () => void } {
  const path = realpathSync(mkdtempSync(join(tmpdir(), 'holdfast-packed-')))
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) }
}

function run(command: string, args: readonly string[], cwd: string): void {
  const { status, stdout, stderr, error } = spawnSync(command, args, { cwd, encoding: 'utf8' })
  if (error) throw error
  if (status !== 0) throw new Error(`${command} ${args.join(' ')} in ${cwd} failed:\n${stdout}${stderr}`)
}
