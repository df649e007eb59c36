import tls, { type SecureVersion } from 'node:tls'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { classifyFailure } from '../../src/errors/classify-failure.ts'
import { IntegrationError } from '../../src/errors/integration-error.ts'
import {
  type Authority,
  type Certificate,
  createAuthority,
  httpServer,
  httpsServer,
  rawServer,
} from './failing-server.ts'

const past = { from: '200101000000Z', to: '200102000000Z' }
const present = { from: '200101000000Z', to: '491231235959Z' }
const future = { from: '491230000000Z', to: '491231235959Z' }

let authority: Authority
const certificates: Record<string, Certificate> = {}

beforeAll(() => {
  authority = createAuthority()
  certificates.valid = authority.issue('valid', present)
  certificates.expired = authority.issue('expired', past)
  certificates.early = authority.issue('early', future)
}, 60_000)
afterAll(() => {
  authority.dispose()
})

/** Makes this process trust the throw-away authority for the length of the test. */
function trustAuthority(): void {
  const before = tls.getCACertificates('default')
  tls.setDefaultCACertificates([...before, authority.cert])
  onTestFinished(() => tls.setDefaultCACertificates(before))
}

async function failureOf(url: string): Promise<IntegrationError> {
  try {
    await fetch(url)
  } catch (error) {
    return new IntegrationError(classifyFailure(error))
  }
  throw new Error('It did not fail.')
}

const refused = { code: 'tls_error', delivery: 'not_sent', phase: 'tls', fault: 'upstream', retryable: 'never' }

describe('classifyFailure of TLS', () => {
  test('a certificate that signed itself is refused as self_signed', async () => {
    const port = await httpsServer({ key: authority.key, cert: authority.cert })
    expect(await failureOf(`https://localhost:${port}/`)).toMatchObject({ ...refused, reason: 'self_signed' })
  })

  test('a certificate of an authority that nobody knows is refused as untrusted', async () => {
    const port = await httpsServer({ ...certificates.valid })
    expect(await failureOf(`https://localhost:${port}/`)).toMatchObject({ ...refused, reason: 'untrusted' })
  })

  test.each([
    ['has expired', 'expired', 'expired'],
    ['is not valid yet', 'early', 'not_yet_valid'],
  ])('a certificate that %s is refused as such', async (_title, name, reason) => {
    trustAuthority()
    const port = await httpsServer({ ...certificates[name] })
    expect(await failureOf(`https://localhost:${port}/`)).toMatchObject({ ...refused, reason })
  })

  test('a certificate for another host is refused as name_mismatch', async () => {
    trustAuthority()
    const port = await httpsServer({ ...certificates.valid })
    expect(await failureOf(`https://127.0.0.1:${port}/`)).toMatchObject({ ...refused, reason: 'name_mismatch' })
  })

  test('a server that speaks only old versions of TLS is refused as protocol', async () => {
    const old: { minVersion: SecureVersion; maxVersion: SecureVersion } = { minVersion: 'TLSv1', maxVersion: 'TLSv1.1' }
    const port = await httpsServer({ ...certificates.valid, ...old })
    expect(await failureOf(`https://localhost:${port}/`)).toMatchObject({ ...refused, reason: 'protocol' })
  })

  test('HTTPS to a port that speaks HTTP is refused as protocol', async () => {
    const url = await httpServer((_request, response) => response.end())
    expect(await failureOf(url.replace('http:', 'https:'))).toMatchObject({ ...refused, reason: 'protocol' })
  })

  test('HTTP to a port that speaks HTTPS is closed without an answer', async () => {
    const port = await httpsServer({ ...certificates.valid })
    expect(await failureOf(`http://localhost:${port}/`)).toMatchObject({
      code: 'connection_lost',
      reason: 'closed_early',
      delivery: 'unknown',
      phase: 'headers',
    })
  })

  test('a connection closed within the handshake sent nothing', async () => {
    const { url } = await rawServer((socket) => socket.end())
    expect(await failureOf(url.replace('http:', 'https:'))).toMatchObject({
      code: 'connection_failed',
      reason: 'reset',
      delivery: 'not_sent',
      phase: 'tls',
      fault: 'network',
    })
  })
})
