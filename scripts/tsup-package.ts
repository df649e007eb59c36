import { defineConfig } from 'tsup'

interface Manifest {
  readonly exports: Readonly<Record<string, string | { readonly '@holdfast/source': string; readonly default: string }>>
}

/** How every package is built. The entries are what `exports` in its package.json says, so that the two cannot differ. */
export function packageConfig(manifest: Manifest): ReturnType<typeof defineConfig> {
  const entry = Object.values(manifest.exports).flatMap((target) =>
    typeof target === 'string'
      ? []
      : [[target.default.replace(/^\.\/dist\//, '').replace(/\.js$/, ''), target['@holdfast/source']] as const],
  )
  return defineConfig({
    entry: Object.fromEntries(entry),
    format: ['esm'],
    target: 'node22',
    // What package.json does not declare must be missed by the packed tests, not quietly built in.
    skipNodeModulesBundle: true,
    // Some modules, node:sqlite for one, exist under this name only.
    removeNodeProtocol: false,
    clean: true,
    sourcemap: true,
    dts: { compilerOptions: { stripInternal: true } },
  })
}
