import type { Connector } from './connector.ts'

/** A request, as far as it says which endpoint it is for. */
export interface EndpointRequest {
  /** In upper case. */
  readonly method: string
  /** As the caller gave it, query included. */
  readonly url: string
}

interface Route {
  readonly pattern: RegExp
  readonly params: number
  readonly group: string
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
  const routes = new Map<string, Route[]>()
  for (const [name, { method, path }] of Object.entries(endpoints)) {
    const key = routeKey(method, basePath + path)
    const group = name.includes('.') ? name.slice(0, name.lastIndexOf('.')) : name
    const alike = routes.get(key) ?? []
    alike.push({ ...templatePattern(basePath + path), group })
    // `/users/me` comes before `/users/{id}`.
    routes.set(
      key,
      alike.toSorted((left, right) => left.params - right.params),
    )
  }
  return ({ method, url }) => {
    const path = pathOf(url)
    return routes.get(routeKey(method, path))?.find(({ pattern }) => pattern.test(path))?.group
  }
}

/** Endpoints of another method or depth need not be looked at. */
function routeKey(method: string, path: string): string {
  let depth = 0
  for (let index = path.indexOf('/'); index >= 0; index = path.indexOf('/', index + 1)) depth++
  return `${method} ${depth}`
}

function templatePattern(template: string): { readonly pattern: RegExp; readonly params: number } {
  const texts = template.split(/\{\w+\}/)
  const source = texts.map((text) => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')).join('[^/]+')
  return { pattern: new RegExp(`^${source}$`), params: texts.length - 1 }
}

function pathOf(url: string): string {
  return /^[^:/?#]+:\/\/[^/?#]*([^?#]*)/.exec(url)?.[1] ?? ''
}
