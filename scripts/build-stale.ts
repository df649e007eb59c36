// Builds the packages whose build is missing or older than their sources, so that what needs it need not build all of them again.
import { spawnSync } from 'node:child_process'
import { globSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { root, type WorkspacePackage, workspacePackages } from './packages.ts'

/** @throws Error with what the build printed, where it fails. */
export function buildStale(): void {
  for (const { directory, name } of workspacePackages().filter(isStale)) {
    const tsup = join(root, 'node_modules/tsup/dist/cli-default.js')
    const { status, stdout, stderr, error } = spawnSync(process.execPath, [tsup], { cwd: directory, encoding: 'utf8' })
    if (error) throw error
    if (status !== 0) throw new Error(`the build of ${name} failed:\n${stdout}${stderr}`)
  }
}

function isStale({ directory, subpaths }: WorkspacePackage): boolean {
  const inputs = globSync(['src', 'src/**', 'package.json', 'tsup.config.ts'], { cwd: directory })
  const newestMs = Math.max(...inputs.map((file) => statSync(join(directory, file)).mtimeMs))
  const outputs = subpaths.flatMap((subpath) => [subpath.types, subpath.default])
  return outputs.some((file) => {
    const builtMs = statSync(join(directory, file), { throwIfNoEntry: false })?.mtimeMs
    return builtMs === undefined || builtMs < newestMs
  })
}
