// Keeps each package's public surface as a file, packages/*/api/<entry>.d.ts, so that a change of it is seen in review.
//
//   node scripts/api-report.ts             compares the built declarations with the files, fails with the difference
//   node scripts/api-report.ts --update    writes the files
//
// A report holds every exported declaration in the order of its name, then what those mention without its being exported
// anywhere. What another subpath exports is named as an import from there.
// Comments and the names of the build's chunks are left out: neither is surface.
import { existsSync, globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import ts from 'typescript'
import { root, type WorkspacePackage, workspacePackages } from './packages.ts'
import { lineDifference } from './line-difference.ts'

const update = process.argv.includes('--update')
const packages = workspacePackages()
const program = ts.createProgram(packages.flatMap(declarationFiles), {
  module: ts.ModuleKind.NodeNext,
  moduleResolution: ts.ModuleResolutionKind.NodeNext,
  target: ts.ScriptTarget.ES2023,
  skipLibCheck: true,
  noEmit: true,
})
const checker = program.getTypeChecker()
const printer = ts.createPrinter({ removeComments: true })

for (const { directory, subpaths } of packages) {
  const published = new Map(
    subpaths
      .flatMap((subpath) =>
        exportsOf(join(directory, subpath.types)).map(({ symbol }) => [symbol, subpath.specifier] as const),
      )
      .reverse(),
  )
  const expected = new Set<string>()
  for (const { types, specifier } of subpaths) {
    const report = join(directory, 'api', types.replace(/^\.\/dist\//, ''))
    expected.add(report)
    keep(report, surfaceOf(join(directory, types), specifier, published))
  }
  for (const report of globSync('api/**/*.d.ts', { cwd: directory }).map((path) => join(directory, path))) {
    if (expected.has(report)) continue
    if (update) rmSync(report)
    else complain(report, 'belongs to no entry of exports')
  }
}
if (process.exitCode === 1) console.log('if the change is meant, run: npx -y pnpm@12 api:update')

function keep(report: string, surface: string): void {
  if (update) {
    mkdirSync(dirname(report), { recursive: true })
    writeFileSync(report, surface)
  } else if (!existsSync(report)) {
    complain(report, 'is missing')
  } else {
    const difference = lineDifference(readFileSync(report, 'utf8'), surface)
    if (difference !== '') complain(report, `differs from what was built:\n${difference}\n`)
  }
}

function complain(report: string, problem: string): void {
  console.log(`${relative(root, report)} ${problem}`)
  process.exitCode = 1
}

function declarationFiles({ directory, subpaths }: WorkspacePackage): readonly string[] {
  return subpaths.map(({ types }) => {
    const file = join(directory, types)
    if (!existsSync(file)) throw new Error(`${relative(root, file)} is missing: run the build first`)
    return file
  })
}

interface ExportedSymbol {
  readonly name: string
  readonly symbol: ts.Symbol
}

function exportsOf(file: string): readonly ExportedSymbol[] {
  const source = program.getSourceFile(file)
  const module = source && checker.getSymbolAtLocation(source)
  if (module === undefined) throw new Error(`${relative(root, file)} is no module`)
  return checker.getExportsOfModule(module).map((symbol) => ({ name: symbol.name, symbol: resolved(symbol) }))
}

function surfaceOf(file: string, specifier: string, published: ReadonlyMap<ts.Symbol, string>): string {
  const packageFiles = file.slice(0, file.indexOf('/dist/') + '/dist/'.length)
  const exported = new Map(exportsOf(file).map(({ name, symbol }) => [symbol, name] as const))
  const foreign = new Set<string>()
  const mentioned = new Set<ts.Symbol>()
  const seen = new Set<ts.Symbol>()
  const follow = (symbol: ts.Symbol): void => {
    if (seen.has(symbol)) return
    seen.add(symbol)
    for (const declaration of declarationsOf(symbol))
      declaration.forEachChild(function visit(node): void {
        if (ts.isIdentifier(node)) mention(node)
        node.forEachChild(visit)
      })
  }
  const mention = (node: ts.Identifier): void => {
    const symbol = checker.getSymbolAtLocation(node)
    if (symbol === undefined) return
    const from = foreignModule(symbol)
    if (from !== undefined) foreign.add(`import { ${node.text} } from '${from}'`)
    const target = resolved(symbol)
    if (!isTopLevel(target, packageFiles)) return
    const elsewhere = published.get(target)
    if (!exported.has(target) && elsewhere !== undefined) {
      foreign.add(`import { ${target.name} } from '${elsewhere}'`)
      return
    }
    if (!exported.has(target)) mentioned.add(target)
    follow(target)
  }
  for (const symbol of exported.keys()) follow(symbol)

  const sections = [
    `// ${specifier}`,
    [...foreign].sort().join('\n'),
    ...[...exported].sort(byName).flatMap(([symbol, name]) => print(symbol, name, true)),
    ...[...mentioned]
      .map((symbol) => [symbol, symbol.name] as const)
      .sort(byName)
      .flatMap(([symbol, name]) => print(symbol, name, false)),
  ]
  return `${sections.filter((section) => section !== '').join('\n\n')}\n`
}

function print(symbol: ts.Symbol, name: string, isExported: boolean): readonly string[] {
  const texts = declarationsOf(symbol).map((declaration) => {
    const text = printer
      .printNode(ts.EmitHint.Unspecified, declaration, declaration.getSourceFile())
      .replace(/^(export )?(default )?(declare )?/, '')
    return `${isExported ? 'export ' : ''}${ts.isVariableDeclaration(declaration) ? 'const ' : ''}${text}`
  })
  return isExported && name !== symbol.name ? [...texts, `export { ${symbol.name} as ${name} }`] : texts
}

function declarationsOf(symbol: ts.Symbol): readonly ts.Declaration[] {
  return symbol.declarations ?? []
}

function resolved(symbol: ts.Symbol): ts.Symbol {
  return symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol
}

/** The library that a symbol was imported from by its name. */
function foreignModule(symbol: ts.Symbol): string | undefined {
  const specifier = declarationsOf(symbol).find(ts.isImportSpecifier)?.parent.parent.parent.moduleSpecifier
  return specifier && ts.isStringLiteral(specifier) && !specifier.text.startsWith('.') ? specifier.text : undefined
}

function isTopLevel(symbol: ts.Symbol, directory: string): boolean {
  return declarationsOf(symbol).some((declaration) => {
    const statement = ts.isVariableDeclaration(declaration) ? declaration.parent.parent : declaration
    return (
      ts.isSourceFile(statement.parent) &&
      statement.getSourceFile().fileName.startsWith(directory) &&
      !ts.isSourceFile(declaration)
    )
  })
}

function byName([, a]: readonly [unknown, string], [, b]: readonly [unknown, string]): number {
  return a < b ? -1 : a > b ? 1 : 0
}
