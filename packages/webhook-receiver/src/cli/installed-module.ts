import { createRequire } from 'node:module'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { UsageError } from './cli-io.ts'

/** The first of these that is installed for `directory`. */
export function installedOf<Name extends string>(names: readonly Name[], directory: string): Name | undefined {
  return names.find((name) => locate(name, directory) !== undefined)
}

/**
 * Loads a module as it is installed for `directory`.
 *
 * @throws UsageError when it is not.
 */
export async function loadInstalled(specifier: string, directory: string): Promise<Readonly<Record<string, unknown>>> {
  const path = locate(specifier, directory)
  if (path === undefined) throw notInstalled([specifier])
  const module = (await import(pathToFileURL(path).href)) as Readonly<Record<string, unknown>>
  // What is CommonJS may have its names on the default export only.
  return { ...(module['default'] as object | undefined), ...module }
}

/** Says what to install; one of several. */
export function notInstalled(specifiers: readonly string[]): UsageError {
  const [first = '', ...others] = specifiers.map(packageOf)
  const all = [first, ...others.map((name) => `or ${name}`)].join(', ')
  return new UsageError(`This buffer needs ${all}, which is not installed here: \`npm install ${first}\`.`)
}

function packageOf(specifier: string): string {
  return specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/')
}

function locate(specifier: string, directory: string): string | undefined {
  try {
    return createRequire(join(directory, 'any.js')).resolve(specifier)
  } catch {
    return undefined
  }
}
