import type { Handshake } from '@holdfast/core'
import { describe, expect, test } from 'vitest'
import { compileHandshakes } from '../../src/handshake/compile-handshakes.ts'
import { RequestReader } from '../../src/verify/request-reader.ts'

const rest = { respond: { status: 200 }, examples: [] } as const
const get: Handshake = { name: 'get', when: [{ method: 'GET' }, { from: 'query', name: 'challenge' }], ...rest }
const ping: Handshake = { name: 'ping', when: [{ onlyMembers: ['ping'] }], ...rest }
const signed: Handshake = {
  name: 'signed',
  when: [{ from: 'body', pointer: '/type', equals: 'PING' }],
  verified: true,
  ...rest,
}
const handshakes = compileHandshakes({ verify: [], handshakes: [get, ping, signed] })

function readerOf(method: string, body = '', url = '/', type = 'application/json'): RequestReader {
  const headers = [['content-type', type]] as const
  return new RequestReader({ headers, body: Buffer.from(body), receivedAt: 0, method, url })
}

describe('compileHandshakes', () => {
  test('says which methods requests have', () => {
    expect(handshakes.allow).toBe('GET, POST')
    expect([handshakes.takes('GET'), handshakes.takes('HEAD'), handshakes.verifies('GET')]).toEqual([
      true,
      false,
      false,
    ])
    expect(compileHandshakes({ verify: [] }).allow).toBe('POST')
  })

  test('tells handshakes by method and conditions, the first that fits', () => {
    expect(handshakes.beforeVerification(readerOf('GET', '', '/?challenge=a'))?.name).toBe('get')
    expect(handshakes.beforeVerification(readerOf('GET'))).toBeUndefined()
    expect(handshakes.beforeVerification(readerOf('POST', '', '/?challenge=a'))).toBeUndefined()
  })

  test.each<[string, string, boolean]>([
    ['{"ping":1}', 'application/json', true],
    ['{"ping":1,"event":2}', 'application/json', false],
    ['{}', 'application/json', false],
    ['["ping"]', 'application/json', false],
    ['no json', 'application/json', false],
    ['ping=1', 'application/x-www-form-urlencoded', true],
    ['ping=1&ping=2', 'application/x-www-form-urlencoded', false],
  ])('of the members of %j as %s says %s', (body, type, isPing) => {
    expect(handshakes.beforeVerification(readerOf('POST', body, '/', type))?.name === 'ping').toBe(isPing)
  })

  test('answers what is signed only once it was verified', () => {
    const reader = readerOf('POST', '{"type":"PING"}')
    expect(handshakes.beforeVerification(reader)).toBeUndefined()
    expect(handshakes.afterVerification(reader)?.name).toBe('signed')
  })

  test('reads no more of a body than a handshake has', () => {
    expect(handshakes.beforeVerification(readerOf('POST', `{"ping":"${'a'.repeat(16_384)}"}`))).toBeUndefined()
  })
})
