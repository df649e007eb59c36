import { describe, expect, test } from 'vitest'
import { checkConnector } from '../../src/connectors/check-connector.ts'
import { InvalidOptionsError } from '../../src/errors/invalid-options-error.ts'

/** A connector that uses everything; each test changes one thing. JSON, because that is what connectors are. */
const COMPLETE = `{
  "id": "acme-crm",
  "name": "Acme",
  "sources": [{ "url": "https://acme.example/docs", "verifiedAt": "2026-01-31" }],
  "http": {
    "hosts": ["api.acme.example", "*.eu.acme.example", "localhost:8080"],
    "requestIdHeader": "x-acme-id",
    "idempotencyHeader": "Idempotency-Key",
    "idempotencyPaths": ["/v1/orders"]
  },
  "errors": [
    {
      "when": { "status": [403, 429], "header": "x-limit", "equals": "day" },
      "then": { "code": "quota_exhausted", "reason": "daily", "fault": "caller", "retryable": "never", "delivery": "answered", "waitMs": 0 },
      "example": { "status": 403, "headers": { "x-limit": "day" } }
    },
    {
      "when": { "status": 200, "pointer": "/ok", "in": [false, null] },
      "then": { "code": "upstream_error" },
      "example": { "status": 200, "body": { "ok": false } }
    }
  ],
  "webhook": {
    "verify": [
      {
        "scheme": "hmac",
        "select": "x-signature",
        "hash": "sha256",
        "encoding": "hex",
        "secret": { "encoding": "base64", "prefix": "whsec_" },
        "signature": { "from": "header", "name": "x-signature", "format": { "kind": "keyValue", "separator": ",", "key": "v1" } },
        "message": [
          { "part": "header", "name": "x-id" },
          { "part": "literal", "value": "." },
          { "part": "timestamp" },
          { "part": "body" }
        ],
        "timestamp": { "from": "header", "name": "x-signature", "key": "t", "format": "epoch_s", "toleranceMs": 300000 },
        "eventId": { "from": "header", "name": "x-id", "signed": true },
        "vectors": [{ "source": "docs", "secret": "s3cret", "headers": { "x-signature": "v1=00" }, "body": "{}", "receivedAt": 1 }]
      },
      { "scheme": "token", "header": "x-token", "bodyPointer": "/token" }
    ],
    "eventId": { "from": "body", "pointer": "/id", "signed": false },
    "eventType": { "from": "body", "pointer": "/type", "signed": false },
    "tenant": { "from": "header", "name": "x-shop", "signed": false },
    "ack": { "status": 204 },
    "delivery": { "timeoutMs": 5000, "retries": "8 in 4 hours", "disables": "after 8 failures" }
  }
}`

type Tree = Record<string, unknown>

/** The complete connector with the value at a path replaced; `undefined` removes it. */
function changed(path: string, value: unknown): unknown {
  const connector = JSON.parse(COMPLETE) as Tree
  const keys = path.split('.')
  const last = keys.pop() ?? ''
  let parent = connector
  for (const key of keys) parent = parent[key] as Tree
  if (value === undefined) delete parent[last]
  else parent[last] = value
  return connector
}

function failureOf(value: unknown, path?: string): InvalidOptionsError {
  try {
    checkConnector(value, path)
  } catch (error) {
    if (error instanceof InvalidOptionsError) return error
    throw error
  }
  throw new Error('checkConnector did not throw')
}

describe('checkConnector', () => {
  test('gives back the very object that it was given', () => {
    const connector: unknown = JSON.parse(COMPLETE)
    expect(checkConnector(connector)).toBe(connector)
  })

  test('accepts a connector of id, name and sources', () => {
    expect(() => checkConnector({ id: 'acme', name: 'Acme', sources: [] })).not.toThrow()
  })

  test.each([[null], [undefined], ['acme'], [[]], [() => {}]])('refuses %o, which is no object', (value) => {
    expect(failureOf(value).path).toBe('connector')
  })

  test.each<[string, unknown, string, string]>([
    ['id', undefined, 'id', 'an id in kebab-case'],
    ['id', 'Acme CRM', 'id', 'an id in kebab-case'],
    ['name', '', 'name', 'a non-empty string'],
    ['sources', undefined, 'sources', 'an array'],
    ['sources.0.url', 'acme.example', 'sources[0].url', 'an http or https URL'],
    ['sources.0.verifiedAt', '31.1.2026', 'sources[0].verifiedAt', 'an ISO 8601 date, for example `2026-01-31`'],
    ['sources.0.verifiedAt', '2026-02-31', 'sources[0].verifiedAt', 'an ISO 8601 date, for example `2026-01-31`'],
    [
      'http.hosts',
      ['https://api.acme.example'],
      'http.hosts',
      'an array, each item a host name in lower case, without scheme and path',
    ],
    ['http.requestIdHeader', 'x acme', 'http.requestIdHeader', 'the name of a header'],
    ['http.idempotencyPaths', ['orders'], 'http.idempotencyPaths', 'an array, each item a path that begins with `/`'],
    ['errors', {}, 'errors', 'an array'],
    ['errors.0.when', {}, 'errors[0].when', 'a condition with `status`, `header` or `pointer`'],
    ['errors.0.when.status', [], 'errors[0].when.status', 'a status or an array of at least one'],
    ['errors.0.when.header', 'X-Limit', 'errors[0].when.header', 'a header name in lower case'],
    ['errors.0.when.header', undefined, 'errors[0].when.equals', 'accompanied by `header` or `pointer`'],
    [
      'errors.1.when.pointer',
      'ok',
      'errors[1].when.pointer',
      "a JSON Pointer (RFC 6901: '' or segments that each start with `/`)",
    ],
    ['errors.1.when.in', [], 'errors[1].when.in', 'an array of at least one JSON value'],
    ['errors.1.then', undefined, 'errors[1].then', 'present'],
    ['errors.1.then.code', undefined, 'errors[1].then.code', 'one of the codes in `errorCodes`'],
    ['errors.1.then.code', 'toString', 'errors[1].then.code', 'one of the codes in `errorCodes`'],
    ['errors.0.then.reason', 'Daily limit', 'errors[0].then.reason', 'a reason in snake_case'],
    ['errors.0.then.waitMs', -1, 'errors[0].then.waitMs', 'a number of milliseconds >= 0'],
    ['errors.0.example.status', 99, 'errors[0].example.status', 'an integer from 100 to 599'],
    ['errors.0.example.headers', { 'x-limit': 1 }, 'errors[0].example.headers', 'an object whose values are strings'],
    [
      'errors.0.example.headers',
      { 'x limit': 'day' },
      'errors[0].example.headers',
      'headers with valid names and values',
    ],
    ['errors.1.example.body', Infinity, 'errors[1].example.body', 'a JSON value'],

    ['webhook.verify', [], 'webhook.verify', 'an array of at least one item'],
    ['webhook.verify.0', 'hmac', 'webhook.verify[0]', 'an object'],
    [
      'webhook.verify.0.scheme',
      'rsa',
      'webhook.verify[0].scheme',
      "'hmac' | 'digest' | 'signature' | 'jwt' | 'http-signature' | 'token' | 'basic' | 'none'",
    ],
    ['webhook.verify.0.encoding', 'base32', 'webhook.verify[0].encoding', "'hex' | 'base64' | 'base64url'"],
    ['webhook.verify.0.encoding', undefined, 'webhook.verify[0].encoding', "'hex' | 'base64' | 'base64url'"],
    ['webhook.verify.0.secret.encoding', 'latin1', 'webhook.verify[0].secret.encoding', "'utf8' | 'base64' | 'hex'"],
    [
      'webhook.verify.0.signature.format.kind',
      'json',
      'webhook.verify[0].signature.format.kind',
      "'plain' | 'list' | 'keyValue' | 'taggedList' | 'positional' | 'pairs' | 'base64Json'",
    ],
    [
      'webhook.verify.0.signature.format.key',
      undefined,
      'webhook.verify[0].signature.format.key',
      'a non-empty string',
    ],
    ['webhook.verify.0.message', [], 'webhook.verify[0].message', 'an array of at least one item'],
    [
      'webhook.verify.0.message.0.part',
      'host',
      'webhook.verify[0].message[0].part',
      "'literal' | 'body' | 'bodyHash' | 'timestamp' | 'id' | 'method' | 'url' | 'header' | 'headerList' | 'query' | 'field' | 'sortedForm' | 'secret'",
    ],
    ['webhook.verify.0.message.0.name', 'X-Id', 'webhook.verify[0].message[0].name', 'a header name in lower case'],
    [
      'webhook.verify.0.timestamp',
      undefined,
      'webhook.verify[0].timestamp',
      'present, because `message` has a part `timestamp`',
    ],
    [
      'webhook.verify.0.timestamp.format',
      'minutes',
      'webhook.verify[0].timestamp.format',
      "'epoch_s' | 'epoch_ms' | 'epoch' | 'rfc3339'",
    ],
    ['webhook.verify.0.eventId.name', undefined, 'webhook.verify[0].eventId.name', "present with `from: 'header'`"],
    ['webhook.verify.0.vectors.0.body', 1, 'webhook.verify[0].vectors[0].body', 'a string'],
    [
      'webhook.verify.0.vectors.0.headers',
      { 'x y': '' },
      'webhook.verify[0].vectors[0].headers',
      'an object whose keys are names of headers',
    ],
    [
      'webhook.verify.1',
      { scheme: 'token' },
      'webhook.verify[1]',
      'a token scheme with `header`, `bodyPointer` or `query`',
    ],
    ['webhook.eventId.pointer', undefined, 'webhook.eventId.pointer', "present with `from: 'body'`"],
    ['webhook.eventId.name', 'x-id', 'webhook.eventId.name', "absent with `from: 'body'`"],
    ['webhook.eventType.signed', undefined, 'webhook.eventType.signed', 'a boolean'],
    ['webhook.ack.status', 302, 'webhook.ack.status', 'an integer from 200 to 299'],
    ['webhook.delivery.timeoutMs', '5 s', 'webhook.delivery.timeoutMs', 'a number of milliseconds >= 0'],
  ])('refuses %s = %j at connector.%s: %s', (path, value, at, expected) => {
    expect(failureOf(changed(path, value))).toMatchObject({ path: `connector.${at}`, expected })
  })

  test.each([
    ['', 'error', 'errors'],
    ['http.', 'host', 'hosts'],
    ['sources.0.', 'verified', 'verifiedAt'],
    ['errors.0.when.', 'match', 'matches'],
    ['errors.0.then.', 'retryAble', 'retryable'],
    ['webhook.', 'verfy', 'verify'],
    ['webhook.verify.0.', 'hashes', 'hash'],
    ['webhook.verify.0.signature.format.', 'keys', 'key'],
    ['webhook.verify.0.message.1.', 'values', 'value'],
    ['webhook.verify.0.timestamp.', 'formats', 'format'],
  ])('refuses the unknown key %s%s and asks whether %s was meant', (parent, key, meant) => {
    const { message, path } = failureOf(changed(`${parent}${key}`, 's3cret'))
    expect(path.endsWith(`.${key}`)).toBe(true)
    expect(message).toContain(`Did you mean \`${meant}\`?`)
    expect(message).not.toContain('s3cret')
  })

  test('refuses a rule whose example it does not match', () => {
    const { path, expected } = failureOf(changed('errors.1.example.body', { ok: true }))
    expect([path, expected]).toEqual([
      'connector.errors[1].example',
      'an answer that `connector.errors[1].when` matches',
    ])
  })

  test('refuses a rule that a rule before it makes unreachable', () => {
    const { path, expected } = failureOf(changed('errors.0.when', { status: [200, 403] }))
    expect([path, expected]).toEqual([
      'connector.errors[1]',
      'a rule that can be reached (`connector.errors[0]` matches its example first)',
    ])
  })

  test('puts the path that it is given before everything', () => {
    expect(failureOf({}, 'sources.stripe.connector').path).toBe('sources.stripe.connector.id')
  })

  test('refuses a value that is no JSON because it contains itself', () => {
    const circle: unknown[] = []
    circle.push(circle)
    expect(failureOf(changed('errors.1.example.body', circle)).expected).toBe('a JSON value')
  })
})
