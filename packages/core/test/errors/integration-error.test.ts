import { inspect } from 'node:util'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { errorCodes } from '../../src/errors/codes.ts'
import { IntegrationError, type IntegrationErrorInit, isIntegrationError } from '../../src/errors/integration-error.ts'
import { InvalidOptionsError } from '../../src/errors/invalid-options-error.ts'

const complete: IntegrationErrorInit = {
  code: 'rate_limited',
  reason: 'secondary',
  message: 'GitHub answered 403.',
  fault: 'caller',
  retryable: 'after',
  retryAfterMs: 60_000,
  delivery: 'answered',
  phase: 'headers',
  scope: 'connection',
  status: 429,
  upstream: { status: 403, code: 'secondary', message: 'Slow down.', requestId: 'A1' },
  attempts: [{ attempt: 1, durationMs: 12, status: 403, code: 'rate_limited' }],
  integration: 'github',
  connection: 'acme',
  endpoint: 'POST https://api.github.com/graphql',
  idempotencyKey: 'key-1',
  at: 1_769_860_800_000,
}

/** What fetch throws, with all the secrets that such errors can hold. */
function leakyCause(): Error {
  const native = Object.assign(new Error('connect to https://user:hunter2@host/?token=hunter2'), {
    code: 'ECONNRESET',
    headers: { authorization: 'Bearer hunter2' },
  })
  return new TypeError('fetch failed for hunter2', { cause: native })
}

/** The stack without the lines that depend on where this file lies. */
function withoutFrames(text: string): string {
  return text.replace(/\n\s+at .*?( \{)?$/gm, '$1')
}

describe('IntegrationError', () => {
  test('rounds the wait up to whole milliseconds', () => {
    expect(new IntegrationError({ code: 'rate_limited', retryAfterMs: 998.84 }).retryAfterMs).toBe(999)
  })

  test('takes from the catalogue what it is not told', () => {
    for (const [code, { meaning, ...defaults }] of Object.entries(errorCodes)) {
      const error = new IntegrationError({ code: code as keyof typeof errorCodes })
      expect(error).toMatchObject({ name: 'IntegrationError', message: meaning, code, ...defaults, attempts: [] })
    }
  })

  test('has no property for what it was not told', () => {
    const keys = Object.keys(new IntegrationError({ code: 'unknown' }))
    expect(keys.toSorted()).toEqual(['attempts', 'code', 'delivery', 'fault', 'name', 'retryable', 'scope', 'status'])
  })

  test('keeps what it was told', () => {
    const { message, ...facts } = complete
    const cause = new Error('native')
    const error = new IntegrationError({ ...complete, cause })
    expect(error).toMatchObject(facts)
    expect(error.message).toBe(message)
    expect(error.cause).toBe(cause)
  })

  test('removes user, password and query from the endpoint', () => {
    const error = new IntegrationError({ code: 'unknown', endpoint: 'GET https://user:hunter2@host/a?token=hunter2' })
    expect(error.endpoint).toBe('GET https://host/a?…')
  })

  describe('toProblem', () => {
    test('has the members of RFC 9457 and the extensions of Holdfast', () => {
      expect(new IntegrationError(complete).toProblem('https://acme.example/traces/1')).toEqual({
        type: 'urn:holdfast:error:rate_limited',
        title: 'A short-window limit was hit.',
        status: 429,
        detail: 'GitHub answered 403.',
        instance: 'https://acme.example/traces/1',
        code: 'rate_limited',
        reason: 'secondary',
        fault: 'caller',
        retryable: 'after',
        retry_after_ms: 60_000,
        delivery: 'answered',
      })
    })

    test('leaves out what is not known', () => {
      expect(Object.keys(new IntegrationError({ code: 'unknown' }).toProblem())).toEqual([
        'type',
        'title',
        'status',
        'detail',
        'code',
        'fault',
        'retryable',
        'delivery',
      ])
    })
  })

  describe('toJSON', () => {
    test('has every fact, and of the causes name and code', () => {
      const { message, ...facts } = complete
      expect(new IntegrationError({ ...complete, cause: leakyCause() }).toJSON()).toEqual({
        name: 'IntegrationError',
        message,
        ...facts,
        causes: [{ name: 'TypeError' }, { name: 'Error', code: 'ECONNRESET' }],
      })
    })

    test('is what JSON.stringify writes, and holds no secret of a cause', () => {
      const error = new IntegrationError({ code: 'connection_lost', cause: leakyCause() })
      expect(JSON.parse(JSON.stringify(error))).toEqual(error.toJSON())
      expect(JSON.stringify({ error })).not.toContain('hunter2')
    })

    test('ends on causes that go in circles', () => {
      const cause = new Error('around')
      cause.cause = cause
      expect(new IntegrationError({ code: 'unknown', cause }).toJSON().causes).toHaveLength(10)
    })
  })

  describe('util.inspect', () => {
    test('prints the stack and the facts', () => {
      const error = new IntegrationError({ ...complete, cause: leakyCause() })
      expect(withoutFrames(inspect(error))).toMatchInlineSnapshot(`
        "IntegrationError: GitHub answered 403. {
          code: 'rate_limited',
          reason: 'secondary',
          fault: 'caller',
          retryable: 'after',
          retryAfterMs: 60000,
          delivery: 'answered',
          phase: 'headers',
          scope: 'connection',
          status: 429,
          upstream: {
            status: 403,
            code: 'secondary',
            message: 'Slow down.',
            requestId: 'A1'
          },
          integration: 'github',
          connection: 'acme',
          endpoint: 'POST https://api.github.com/graphql',
          idempotencyKey: 'key-1',
          at: 1769860800000,
          attempts: [ { attempt: 1, durationMs: 12, status: 403, code: 'rate_limited' } ],
          causes: [ { name: 'TypeError' }, { name: 'Error', code: 'ECONNRESET' } ]
        }"
      `)
      expect(inspect(error)).toContain('integration-error.test.ts')
    })

    test('prints an InvalidOptionsError without the value that it refused', () => {
      const error = new InvalidOptionsError({
        path: 'secrets[0]',
        expected: 'a secret of at least 16 bytes',
        received: 'hunter2',
        receivedText: 'one of 7 bytes',
      })
      expect(withoutFrames(inspect(error))).toMatchInlineSnapshot(`
        "InvalidOptionsError: Expected \`secrets[0]\` to be a secret of at least 16 bytes, got one of 7 bytes. {
          code: 'configuration_error',
          reason: 'invalid_option',
          fault: 'platform',
          retryable: 'never',
          delivery: 'not_sent',
          phase: 'local',
          scope: 'integration',
          status: 500
        }"
      `)
      expect(JSON.stringify(error)).not.toContain('hunter2')
      expect(inspect(error, { customInspect: false })).not.toContain('hunter2')
      expect(error.received).toBe('hunter2')
    })

    test('prints nothing secret of a cause, however deep the error stands', () => {
      const error = new IntegrationError({ code: 'connection_lost', cause: leakyCause() })
      for (const value of [error, [error], { error }, new Map([['error', error]])])
        expect(inspect(value, { depth: 9, showHidden: false })).not.toContain('hunter2')
    })
  })
})

describe('isIntegrationError', () => {
  const error = new IntegrationError({ code: 'circuit_open' })

  test('tells by the brand, and by the code when one is given', () => {
    expect(isIntegrationError(error)).toBe(true)
    expect(isIntegrationError(error, 'circuit_open')).toBe(true)
    expect(isIntegrationError(error, 'overloaded')).toBe(false)
  })

  test('knows an error of another copy of this package', () => {
    const other = Object.assign(new Error('elsewhere'), { code: 'circuit_open' })
    Object.defineProperty(other, Symbol.for('holdfast.IntegrationError'), { value: true })
    expect(other).not.toBeInstanceOf(IntegrationError)
    expect(isIntegrationError(other, 'circuit_open')).toBe(true)
  })

  test('knows every subclass', () => {
    const invalid = new InvalidOptionsError({ path: 'a', expected: 'b', received: 1 })
    expect(isIntegrationError(invalid, 'configuration_error')).toBe(true)
  })

  test('is false for everything else', () => {
    fc.assert(
      fc.property(fc.anything(), (value) => {
        expect(isIntegrationError(value)).toBe(false)
      }),
    )
    expect(isIntegrationError(new Error('circuit_open'))).toBe(false)
  })
})

describe('InvalidOptionsError', () => {
  test.each([
    [0, '`0` (number)'],
    [12n, '`12` (bigint)'],
    [undefined, '`undefined`'],
    [null, '`null`'],
    ['text', '`"text"` (string)'],
    ['x'.repeat(99), `\`"${'x'.repeat(60)}…"\` (string)`],
    [[1, 2], 'an array of 2'],
    [{ a: 'hunter2', b: 1 }, 'an object with keys a, b'],
    [{}, 'an object with keys (none)'],
    [() => 'hunter2', 'a function'],
    [Symbol('s'), '`Symbol(s)` (symbol)'],
  ])('describes %o as %s', (received, text) => {
    const error = new InvalidOptionsError({ path: 'retry.maxAttempts', expected: 'an integer >= 1', received })
    expect(error.message).toBe(`Expected \`retry.maxAttempts\` to be an integer >= 1, got ${text}.`)
  })
})
