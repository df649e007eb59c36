import { createRequire } from 'node:module'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { Connector } from '@holdfast/core'
import { UsageError } from './cli-io.ts'
import { readConnectorFile } from './connector-file.ts'

/**
 * Finds a connector: in a file, or by its name among those of `@holdfast/adapters`, as installed for `directory`.
 *
 * @throws UsageError when there is none. What it holds is not checked.
 */
export async function findConnector(given: string, directory: string): Promise<Connector> {
  if (!/^[a-z\d-]+$/.test(given)) return (await readConnectorFile(given)) as Connector
  const path = resolve(`@holdfast/adapters/connectors/${given}`, directory)
  const module = (await import(pathToFileURL(path).href)) as { readonly default: Connector }
  return module.default
}

function resolve(specifier: string, directory: string): string {
  try {
    return createRequire(join(directory, 'any.js')).resolve(specifier)
  } catch (error) {
    const name = specifier.slice(specifier.lastIndexOf('/') + 1)
    const isInstalled = (error as { readonly code?: unknown }).code === 'ERR_PACKAGE_PATH_NOT_EXPORTED'
    throw new UsageError(
      isInstalled
        ? `@holdfast/adapters has no connector \`${name}\`.`
        : `The connector \`${name}\` is in @holdfast/adapters, which is not installed here. A file of your own is given as ./${name}.json.`,
    )
  }
}
