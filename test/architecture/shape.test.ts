import { basename, join } from 'node:path'
import ts from 'typescript'
import { describe, expect, it } from 'vitest'
import { workspacePackages } from '../../scripts/packages.ts'
import { parseModule, readModules, root, type SourceModule, statementsOf } from './source-modules.ts'

const sources = readModules('packages/*/src/**/*.ts')
const packages = workspacePackages()

describe('a source file', () => {
  it('has at most 400 lines', () => {
    expect(sources.filter(({ text }) => text.split('\n').length > 401).map(({ path }) => path)).toEqual([])
  })

  it('is named after one concept', () => {
    const vague = /^(common|constants|helpers?|misc|shared|types|utils?)\.ts$/
    expect(sources.map(({ path }) => path).filter((path) => vague.test(basename(path)))).toEqual([])
  })

  it('keeps no mutable state at module level', () => {
    expect(sources.filter(hasMutableBinding).map(({ path }) => path)).toEqual([])
  })

  it('does nothing when it is imported', () => {
    expect(sources.filter(({ path }) => !isProgram(path)).flatMap(effects)).toEqual([])
  })

  it('re-exports values by name', () => {
    expect(sources.filter(hasValueExportStar).map(({ path }) => path)).toEqual([])
  })

  it('is called index.ts only where it is an entry', () => {
    const entries = packages.flatMap(({ directory, subpaths }) => subpaths.map(({ source }) => join(directory, source)))
    const indexes = sources.map(({ path }) => join(root, path)).filter((path) => basename(path) === 'index.ts')
    expect(indexes.filter((path) => !entries.includes(path))).toEqual([])
  })

  it('reads the time from a clock', () => {
    const unclocked = sources
      .filter(({ path }) => !path.startsWith('packages/core/src/time/'))
      .filter(({ text }) =>
        /\bnew Date\(\)|\bDate\(\)|process\.hrtime|performance\.(now|timeOrigin)|\bDate\.now\b/.test(
          withoutComments(text),
        ),
      )
    expect(unclocked.map(({ path }) => path)).toEqual([])
  })
})

describe('the rules of a source file', () => {
  const module = (text: string): SourceModule => parseModule('packages/core/src/a/a.ts', text)

  it.each(['let n = 0', 'export let n = 0', 'var n = 0'])('see mutable state in `%s`', (text) => {
    expect(hasMutableBinding(module(text))).toBe(true)
  })

  it.each([`run()`, `import './a.ts'`, `if (x) run()`, `globalThis.x = 1`])('see an effect in `%s`', (text) => {
    expect(effects(module(text))).toHaveLength(1)
  })

  it('see an export of everything, but allow types', () => {
    expect(hasValueExportStar(module(`export * from './a.ts'`))).toBe(true)
    expect(hasValueExportStar(module(`export type * from './a.ts'`))).toBe(false)
  })
})

/** The command line, and what runs in a thread of its own: they are started, not imported. */
function isProgram(path: string): boolean {
  return path.includes('/src/cli/') || path.endsWith('-worker.ts')
}

function hasMutableBinding(module: SourceModule): boolean {
  return statementsOf(module).some(
    (statement) =>
      ts.isVariableStatement(statement) &&
      (statement.declarationList.flags & ts.NodeFlags.Const) === 0 &&
      !statement.modifiers?.some(({ kind }) => kind === ts.SyntaxKind.DeclareKeyword),
  )
}

function effects(module: SourceModule): readonly string[] {
  return statementsOf(module)
    .filter((statement) => !isDeclaration(statement))
    .map(
      (statement) => `${module.path}: ${module.text.slice(statement.pos, statement.end).trim().split('\n')[0] ?? ''}`,
    )
}

function isDeclaration(statement: ts.Statement): boolean {
  if (ts.isImportDeclaration(statement)) return statement.importClause !== undefined
  return (
    ts.isExportDeclaration(statement) ||
    ts.isExportAssignment(statement) ||
    ts.isVariableStatement(statement) ||
    ts.isFunctionDeclaration(statement) ||
    ts.isClassDeclaration(statement) ||
    ts.isInterfaceDeclaration(statement) ||
    ts.isTypeAliasDeclaration(statement) ||
    ts.isModuleDeclaration(statement)
  )
}

function hasValueExportStar(module: SourceModule): boolean {
  return statementsOf(module).some(
    (statement) => ts.isExportDeclaration(statement) && statement.exportClause === undefined && !statement.isTypeOnly,
  )
}

function withoutComments(text: string): string {
  return text.replace(/\/\*[\s\S]*?\*\//g, '').replace(/(^|\s)\/\/.*$/gm, '$1')
}
