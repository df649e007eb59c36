// What is too large to be a dependency is installed from npm when somebody asks for it, beside the workspace, and kept.
import { execFile } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { root } from './packages.ts'

const run = promisify(execFile)
const cache = join(root, 'node_modules/.cache/runtimes')

/** Exact versions by the names of their packages. */
export type PinnedPackages = Readonly<Record<string, string>>

/** A runtime that comes as an npm package. */
export interface Runtime {
  readonly packages: PinnedPackages
  /** Its program, below the directory it is installed in. */
  readonly program: string
}

/** The runtimes other than Node.js, in the versions that are tested. */
export const runtimes: Readonly<Record<'bun' | 'deno' | 'workerd', Runtime>> = {
  bun: { packages: { bun: '1.4.5' }, program: 'node_modules/.bin/bun' },
  deno: { packages: { deno: '2.9.6' }, program: 'node_modules/.bin/deno' },
  workerd: { packages: { workerd: '1.20261117.1' }, program: 'node_modules/.bin/workerd' },
}

/** Installs packages in a directory of their own, unless they are there. Returns the directory, or what went wrong. */
export async function installOnDemand(packages: PinnedPackages): Promise<string | Error> {
  const specifiers = Object.entries(packages).map(([name, version]) => `${name}@${version}`)
  const directory = join(cache, specifiers[0]?.replace('@', '-').replaceAll('/', '+') ?? '')
  if (existsSync(directory)) return directory
  mkdirSync(cache, { recursive: true })
  // Under its name is only what is complete: another process may look for it meanwhile.
  const unfinished = mkdtempSync(join(cache, '.installing-'))
  try {
    const options = ['--no-audit', '--no-fund', '--silent', '--save-exact', '--prefix', unfinished]
    await run('npm', ['install', ...options, ...specifiers], { cwd: unfinished })
    if (!existsSync(directory)) renameSync(unfinished, directory)
    return directory
  } catch (error) {
    return existsSync(directory) ? directory : (error as Error)
  } finally {
    rmSync(unfinished, { recursive: true, force: true })
  }
}
