import { describe, expect, it } from 'vitest'
import { checkConnector, InvalidOptionsError } from '../../src/index.ts'

const list = { method: 'GET', path: '/{tenant}/things' }
const cursor = { kind: 'cursor', items: '/data', cursor: '/id', from: 'last_item', param: 'after', more: '/more' }

function connectorWith(endpoints: unknown): unknown {
  return { id: 'acme', name: 'Acme', sources: [], http: { baseUrl: 'https://api.acme.example/v2' }, endpoints }
}

describe('checkConnector on endpoints', () => {
  it.each([
    [{}],
    [{ 'things.list': list, me: { method: 'GET', path: '/' }, 'a.b_c.d': { method: 'DELETE', path: '/a/{b}:c' } }],
    [{ x: { ...list, paginate: { kind: 'link', items: '', next: '/links/next' } } }],
    [{ x: { ...list, paginate: cursor } }],
    [{ x: { ...list, paginate: { kind: 'page', param: 'page', first: 0, totalPages: '/pages' } } }],
    [{ x: { ...list, paginate: { kind: 'offset', param: 'skip', total: '/total' } } }],
  ])('accepts %o', (endpoints) => {
    expect(() => checkConnector(connectorWith(endpoints))).not.toThrow()
  })

  it.each<[unknown, string, string]>([
    [[], 'connector.endpoints', 'an object'],
    [{ 'Things.List': list }, 'connector.endpoints', 'an object whose keys are names such as `issues.list`'],
    [{ x: { ...list, method: 'get' } }, "connector.endpoints['x'].method", "'GET' | 'HEAD'"],
    [{ x: { method: 'GET' } }, "connector.endpoints['x'].path", 'a path that begins with `/`'],
    [{ x: { ...list, path: 'things' } }, "connector.endpoints['x'].path", 'a path that begins with `/`'],
    [{ x: { ...list, path: '/{a' } }, "connector.endpoints['x'].path", 'a path'],
    [{ x: { ...list, path: '/{}' } }, "connector.endpoints['x'].path", 'a path'],
    [{ x: { ...list, path: '/a?b=c' } }, "connector.endpoints['x'].path", 'a path'],
    [{ x: { ...list, idempotent: true } }, "connector.endpoints['x'].idempotent", 'absent'],
    [{ x: { ...list, paginate: 'link' } }, "connector.endpoints['x'].paginate", 'an object'],
    [{ x: { ...list, paginate: {} } }, "connector.endpoints['x'].paginate.kind", "'link' | 'cursor'"],
    [{ x: { ...list, paginate: { kind: 'toString' } } }, "connector.endpoints['x'].paginate.kind", "'link'"],
    [{ x: { ...list, paginate: { kind: 'page' } } }, "connector.endpoints['x'].paginate.param", 'a non-empty string'],
    [{ x: { ...list, paginate: { ...cursor, from: 'header' } } }, "connector.endpoints['x'].paginate.from", "'body'"],
    [
      { x: { ...list, paginate: { ...cursor, more: 'more' } } },
      "connector.endpoints['x'].paginate.more",
      'a JSON Pointer',
    ],
    [
      { x: { ...list, paginate: { kind: 'page', param: 'p', first: -1 } } },
      "connector.endpoints['x'].paginate.first",
      'an integer >= 0',
    ],
  ])('refuses %o', (endpoints, path, expected) => {
    const check = (): unknown => checkConnector(connectorWith(endpoints))
    expect(check).toThrow(InvalidOptionsError)
    expect(check).toThrow(expect.objectContaining({ path, expected: expect.stringContaining(expected) }))
  })

  it('refuses a base URL that is none', () => {
    const connector = { id: 'acme', name: 'Acme', sources: [], http: { baseUrl: 'api.acme.example' } }
    expect(() => checkConnector(connector)).toThrow(expect.objectContaining({ path: 'connector.http.baseUrl' }))
  })
})
