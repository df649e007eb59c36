// Reads the workspace's TypeScript as text: what each module imports and which shapes it holds. Nothing is executed.
import { globSync, readFileSync } from 'node:fs'
import { dirname, join, posix } from 'node:path'
import ts from 'typescript'

/** The repository's root. */
export const root: string = join(import.meta.dirname, '../..')

/** One module, as far as the architecture is concerned. */
export interface SourceModule {
  /** From the root, with `/`. */
  readonly path: string
  readonly text: string
  readonly imports: readonly ModuleImport[]
}

/** One import or re-export, static or dynamic, of values or of types. */
export interface ModuleImport {
  readonly specifier: string
  /** Path from the root for a relative specifier, otherwise the specifier itself. */
  readonly target: string
}

/** Every module that `pattern` names, for example `packages/core/src/**` and `/*.ts`. */
export function readModules(pattern: string): readonly SourceModule[] {
  return globSync(pattern, { cwd: root, exclude: (path) => /(^|\/)(node_modules|dist)$/.test(String(path)) })
    .map((path) => path.replaceAll('\\', '/'))
    .sort()
    .map((path) => parseModule(path, readFileSync(join(root, path), 'utf8')))
}

/** Reads one module from its text. */
export function parseModule(path: string, text: string): SourceModule {
  const imports = ts.preProcessFile(text, true, true).importedFiles.map(({ fileName: specifier }) => ({
    specifier,
    target: specifier.startsWith('.') ? posix.join(dirname(path), specifier) : specifier,
  }))
  return { path, text, imports }
}

/** The statements that stand at a module's top level. */
export function statementsOf(module: SourceModule): readonly ts.Statement[] {
  return [...ts.createSourceFile(module.path, module.text, ts.ScriptTarget.Latest, false).statements]
}
