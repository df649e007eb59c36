import { globSync } from 'node:fs'
import { basename, join } from 'node:path'
import type { Connector } from '@holdfast/core'

const directory = join(import.meta.dirname, '../../packages/adapters/src/connectors')

/** Every connector that describes webhooks, in the order of its name. */
export async function webhookConnectors(): Promise<readonly Connector[]> {
  const files = globSync('*.ts', { cwd: directory }).toSorted()
  const connectors = await Promise.all(
    files.map(async (file) => {
      const module = (await import(join(directory, basename(file)))) as { readonly default: Connector }
      return module.default
    }),
  )
  return connectors.filter(({ webhook }) => webhook !== undefined)
}
