import type { Connector } from './connector.ts'

/** A request, as far as it says which endpoint it is for. */
export interface EndpointRequest {
  /** In upper case. */
  readonly method: string
  /** As the caller gave it, query included. */
  readonly url: string
}

/** What may follow in a path. One walk through the segments finds the endpoint, however many there are. */
interface PathNode {
  readonly texts: Map<string, PathNode>
  /** Segments with parameters, by the source of their pattern. */
  readonly templates: Map<string, { readonly pattern: RegExp; readonly node: PathNode }>
  /** The groups of the endpoints that end here, by method. */
  readonly groups: Map<string, string>
}

/**
 * Makes a function that says which group of the connector's endpoints a request belongs to: the name of its endpoint up to
 * the last dot, so that `issues.list` and `issues.create` are both `issues`. The function returns nothing for a request
 * that no endpoint describes; there is no function when the connector describes none.
 */
export function endpointGroups({
  endpoints,
  http,
}: Connector): ((request: EndpointRequest) => string | undefined) | undefined {
  if (endpoints === undefined) return undefined
  const basePath = pathOf(http?.baseUrl ?? '').replace(/\/$/, '')
  const root = pathNode()
  for (const [name, { method, path }] of Object.entries(endpoints)) {
    let node = root
    for (const segment of (basePath + path).slice(1).split('/')) node = childOf(node, segment)
    node.groups.set(method, name.includes('.') ? name.slice(0, name.lastIndexOf('.')) : name)
  }
  return ({ method, url }) => findGroup(root, pathOf(url), 1, method)
}

/** Looks at the segment that begins at `start`. `/users/me` comes before `/users/{id}`. */
function findGroup(node: PathNode, path: string, start: number, method: string): string | undefined {
  const slash = path.indexOf('/', start)
  const segment = slash < 0 ? path.slice(start) : path.slice(start, slash)
  const goOn = (next: PathNode): string | undefined =>
    slash < 0 ? next.groups.get(method) : findGroup(next, path, slash + 1, method)
  const next = node.texts.get(segment)
  const group = next === undefined ? undefined : goOn(next)
  if (group !== undefined) return group
  for (const template of node.templates.values()) {
    const found = template.pattern.test(segment) ? goOn(template.node) : undefined
    if (found !== undefined) return found
  }
  return undefined
}

/** The node for a segment of a path template, made when there is none. */
function childOf({ texts, templates }: PathNode, segment: string): PathNode {
  const parts = segment.split(/\{\w+\}/)
  if (parts.length === 1) {
    const known = texts.get(segment)
    if (known !== undefined) return known
    const node = pathNode()
    texts.set(segment, node)
    return node
  }
  const source = parts.map((text) => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')).join('.+')
  const known = templates.get(source)
  if (known !== undefined) return known.node
  const node = pathNode()
  templates.set(source, { pattern: new RegExp(`^${source}$`), node })
  return node
}

function pathNode(): PathNode {
  return { texts: new Map(), templates: new Map(), groups: new Map() }
}

function pathOf(url: string): string {
  return /^[^:/?#]+:\/\/[^/?#]*([^?#]*)/.exec(url)?.[1] ?? ''
}
