import { basename } from 'node:path'
import { defineConfig } from 'tsup'

interface Manifest {
  /** Programs, by name; `./dist/cli.js` is built from `src/cli/main.ts`. */
  readonly bin?: Readonly<Record<string, string>>
  readonly exports: Readonly<Record<string, string | { readonly '@holdfast/source': string; readonly default: string }>>
}

/**
 * How every package is built. The entries are what `exports` in its package.json says, so that the two cannot differ.
 *
 * A bundler drops whole files that nothing uses, but keeps every import of a file that it keeps. `split` names the modules
 * that get a file of their own, so that who imports one of them does not get the dependencies of the others. `threads` names the modules that run in a
 * thread of their own; each becomes a file beside those that start it.
 */
export function packageConfig(
  manifest: Manifest,
  split: readonly string[] = [],
  threads: readonly string[] = [],
): ReturnType<typeof defineConfig> {
  const exported = Object.values(manifest.exports).flatMap((target) =>
    typeof target === 'string'
      ? []
      : [[target.default.replace(/^\.\/dist\//, '').replace(/\.js$/, ''), target['@holdfast/source']] as const],
  )
  const entry = Object.fromEntries(exported)
  const programs = Object.values(manifest.bin ?? {}).map((path) => {
    const name = path.replace(/^\.\/dist\//, '').replace(/\.js$/, '')
    return [name, `src/${name}/main.ts`] as const
  })
  return defineConfig({
    entry: {
      ...entry,
      ...Object.fromEntries(programs),
      ...Object.fromEntries(threads.map((module) => [basename(module), `src/${module}.ts`])),
      ...Object.fromEntries(split.map((module) => [`split/${module}`, `src/${module}.ts`])),
    },
    format: ['esm'],
    target: 'node22',
    // What package.json does not declare must be missed by the packed tests, not quietly built in.
    skipNodeModulesBundle: true,
    // Some modules, node:sqlite for one, exist under this name only.
    removeNodeProtocol: false,
    clean: true,
    sourcemap: true,
    dts: { entry, compilerOptions: { stripInternal: true } },
  })
}
