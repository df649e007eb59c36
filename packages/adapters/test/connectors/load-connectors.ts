import { readdirSync } from 'node:fs'
import { basename, join } from 'node:path'
import type { Connector, SignatureVector, VerificationScheme } from '@holdfast/core'

/** Where the connectors are. */
export const directory: string = join(import.meta.dirname, '../../src/connectors')

/** The file names, without ending. */
export const names: readonly string[] = readdirSync(directory)
  .filter((file) => file.endsWith('.ts'))
  .map((file) => basename(file, '.ts'))

/** Every connector, with the name of its file. */
export const connectors: readonly (readonly [string, Connector])[] = await Promise.all(
  names.map(async (name) => {
    const module = (await import(join(directory, `${name}.ts`))) as { readonly default: Connector }
    return [name, module.default] as const
  }),
)

/** A vector and the scheme that it is of. */
export interface SchemeVector {
  readonly name: string
  readonly connector: Connector
  readonly scheme: VerificationScheme
  readonly vector: SignatureVector
}

/** Every vector of every connector. */
export const vectors: readonly SchemeVector[] = connectors.flatMap(([name, connector]) =>
  (connector.webhook?.verify ?? []).flatMap((scheme, schemeIndex) =>
    (scheme.vectors ?? []).map((vector, index) => ({
      name: `${name}, scheme ${schemeIndex}, vector ${index}`,
      connector,
      scheme,
      vector,
    })),
  ),
)
