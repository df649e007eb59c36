// What every event carries, read from the types of the event maps.
import { join } from 'node:path'
import ts from 'typescript'

// Said once above the table, and named in it.
const shared: readonly { readonly name: string; readonly fields: readonly string[] }[] = [
  { name: 'those of a call', fields: ['integration?', 'connection?', 'host', 'callId', 'method', 'elapsedMs'] },
  { name: 'those of a host', fields: ['integration?', 'connection?', 'host'] },
]

/** A table of the fields of each event in the interface of that name. */
export function eventTable(root: string, file: string, map: string): string {
  const path = join(root, file)
  const program = ts.createProgram([path], {
    target: ts.ScriptTarget.ES2023,
    module: ts.ModuleKind.NodeNext,
    moduleResolution: ts.ModuleResolutionKind.NodeNext,
    customConditions: ['@holdfast/source'],
    allowImportingTsExtensions: true,
    exactOptionalPropertyTypes: true,
    strict: true,
    noEmit: true,
  })
  const checker = program.getTypeChecker()
  const declared = program
    .getSourceFile(path)
    ?.statements.find((statement) => ts.isInterfaceDeclaration(statement) && statement.name.text === map)
  if (declared === undefined) throw new Error(`There is no ${map} in ${file}.`)
  const rows = checker
    .getTypeAtLocation(declared)
    .getProperties()
    .map((event) => {
      const fields = checker.getTypeOfSymbol(event).getProperties().map(nameOf)
      return `| \`${event.name}\` | ${fieldsText(fields)} |`
    })
  return ['| Event | Fields |', '|---|---|', ...rows].join('\n')
}

function nameOf({ name, flags }: ts.Symbol): string {
  return (flags & ts.SymbolFlags.Optional) === 0 ? name : `${name}?`
}

function fieldsText(fields: readonly string[]): string {
  const group = shared.find((candidate) => candidate.fields.every((field) => fields.includes(field)))
  const own = fields.filter((field) => group?.fields.includes(field) !== true).map((field) => `\`${field}\``)
  return [...(group === undefined ? [] : [group.name]), ...own].join(', ')
}
