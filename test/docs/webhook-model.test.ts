import { readFileSync } from 'node:fs'
import { checkConnector } from '@holdfast/core'
import schema from '@holdfast/core/connector.schema.json' with { type: 'json' }
import { describe, expect, it } from 'vitest'

const text = readFileSync(new URL('../../docs/webhook-model.md', import.meta.url), 'utf8')

interface Node {
  readonly const?: string
  readonly $ref?: string
  readonly properties?: Readonly<Record<string, Node>>
  readonly items?: Node
  readonly additionalProperties?: Node | boolean
  readonly oneOf?: readonly Node[]
  readonly anyOf?: readonly Node[]
  readonly then?: Node
  readonly else?: Node
}

const definitions = schema.$defs as unknown as Readonly<Record<string, Node>>

/**
 * The members that a definition has of its own, those inside of others behind a dot, and the definitions that it names. What is
 * in an `allOf` says when members are wanted, and names none.
 */
function membersOf(node: Node, at = ''): { readonly members: readonly string[]; readonly names: readonly string[] } {
  // Beside members, these too say when others are wanted.
  const branches = node.properties === undefined ? [node.then, node.else] : []
  const inner = [node.items, ...branches, node.additionalProperties, ...(node.oneOf ?? []), ...(node.anyOf ?? [])]
    .filter((part) => typeof part === 'object')
    .map((part) => membersOf(part, at))
  const own = Object.entries(node.properties ?? {}).map(([name, member]) => {
    const path = at === '' ? name : `${at}.${name}`
    const below = membersOf(member, path)
    return { members: [path, ...below.members], names: below.names }
  })
  const named = node.$ref === undefined ? [] : [node.$ref.slice('#/$defs/'.length)]
  return {
    members: [...own, ...inner].flatMap(({ members }) => members),
    names: [...named, ...[...own, ...inner].flatMap(({ names }) => names)],
  }
}

function definition(name: string): Node {
  const node = definitions[name]
  if (node === undefined) throw new Error(`The schema has no definition ${name}.`)
  return node
}

/** Every definition that webhooks are made of. */
function reachable(): ReadonlySet<string> {
  const found = new Set<string>()
  const queue = ['webhook']
  for (let name = queue.pop(); name !== undefined; name = queue.pop()) {
    if (found.has(name)) continue
    found.add(name)
    queue.push(...membersOf(definition(name)).names)
  }
  return found
}

/** The tables of members, with the definitions that each is of. */
const tables = [...text.matchAll(/<!-- members: (.+) -->\n((?:\|.*\n)+)/g)].map(([, names = '', table = '']) => ({
  names: names.split(' '),
  members: table
    .split('\n')
    .slice(2)
    .flatMap((line) => [...(line.split(' | ')[0] ?? '').matchAll(/`([^`]+)`/g)].map(([, member]) => member ?? '')),
}))

const examples = [...text.matchAll(/<!-- example: (\w+) -->\n```json\n([\s\S]+?)\n```/g)].map(
  ([, kind = '', json = '']) => ({
    kind,
    json,
  }),
)

describe('docs/webhook-model.md', () => {
  it.each(tables)('has every member of $names, and no other', ({ names, members }) => {
    const wanted = names.flatMap((name) => membersOf(definition(name)).members)
    expect([...new Set(members)].toSorted()).toEqual([...new Set(wanted)].toSorted())
  })

  it('has a table for everything that webhooks are made of', () => {
    const withMembers = [...reachable()].filter((name) => membersOf(definition(name)).members.length > 0)
    expect(tables.flatMap(({ names }) => names).toSorted()).toEqual(withMembers.toSorted())
  })

  it.each(examples)('has an example of a $kind that is one: $json', ({ kind, json }) => {
    const value: unknown = JSON.parse(json)
    const basic = { scheme: 'basic' }
    const webhook =
      kind === 'webhook' ? value : kind === 'scheme' ? { verify: [value] } : { verify: [basic], handshakes: [value] }
    const connector = { id: 'acme', name: 'Acme', sources: [], webhook }
    expect(checkConnector(connector)).toBe(connector)
  })

  it('has an example of every kind of scheme but the one that proves nothing', () => {
    const kinds = examples.flatMap(({ kind, json }) =>
      kind === 'scheme' ? [(JSON.parse(json) as { readonly scheme: string }).scheme] : [],
    )
    const known = (definition('scheme').oneOf ?? []).map(({ properties }) => properties?.['scheme']?.const)
    expect(new Set([...kinds, 'none'])).toEqual(new Set(known))
  })
})
