import { createRequire } from 'node:module'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { Connector } from '@holdfast/core'
import { UsageError } from './cli-io.ts'
import { readConnectorFile } from './connector-file.ts'

const ADAPTERS = '@holdfast/adapters'
const CONNECTORS = './connectors/'
/** How many names are shown that are like one that is wrong: that begin with at least half of it. */
const SHOWN = 5

/**
 * Finds a connector: in a file, or by its name among those of `@holdfast/adapters`, as installed for `directory`.
 *
 * @throws UsageError when there is none. What it holds is not checked.
 */
export async function findConnector(given: string, directory: string): Promise<Connector> {
  if (!/^[a-z\d-]+$/.test(given)) return (await readConnectorFile(given)) as Connector
  const path = resolve(`${ADAPTERS}/connectors/${given}`, directory)
  const module = (await import(pathToFileURL(path).href)) as { readonly default: Connector }
  return module.default
}

function resolve(specifier: string, directory: string): string {
  const require = createRequire(join(directory, 'any.js'))
  try {
    return require.resolve(specifier)
  } catch (error) {
    const name = specifier.slice(specifier.lastIndexOf('/') + 1)
    const isInstalled = (error as { readonly code?: unknown }).code === 'ERR_PACKAGE_PATH_NOT_EXPORTED'
    throw new UsageError(
      isInstalled
        ? `${ADAPTERS} has no connector \`${name}\`.${hint(name, connectorNames(require))}`
        : `The connector \`${name}\` is in ${ADAPTERS}, which is not installed here. A file of your own is given as ./${name}.json.`,
    )
  }
}

/** Names of the connectors of the package that is installed; none where it does not say. */
function connectorNames(require: NodeJS.Require): readonly string[] {
  try {
    const { exports } = require(`${ADAPTERS}/package.json`) as { readonly exports: object }
    return Object.keys(exports).flatMap((key) => (key.startsWith(CONNECTORS) ? key.slice(CONNECTORS.length) : []))
  } catch {
    return []
  }
}

/** Those that begin with at least half of a name, the likeliest first. */
function hint(name: string, names: readonly string[]): string {
  const near = names
    .map((known) => ({ known, shared: sharedStart(name, known) }))
    .filter(({ shared }) => shared >= name.length / 2)
    .toSorted((left, right) => right.shared - left.shared)
  if (near.length === 0) return ''
  return ` It has ${near
    .slice(0, SHOWN)
    .map(({ known }) => `\`${known}\``)
    .join(', ')}.`
}

function sharedStart(left: string, right: string): number {
  let length = 0
  while (length < left.length && left[length] === right[length]) length++
  return length
}
