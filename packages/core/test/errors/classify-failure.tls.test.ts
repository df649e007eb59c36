import tls, { type SecureVersion } from 'node:tls'
import { beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { classifyFailure } from '../../src/errors/classify-failure.ts'
import { IntegrationError } from '../../src/errors/integration-error.ts'
import {
  selfSignedCertificate,
  type TestAuthority,
  testAuthority,
} from '../../src/testing/upstream/test-certificate.ts'
import { httpServer, httpsServer, rawServer } from './failing-server.ts'

const present = { hosts: ['localhost'], fromYear: 2000, untilYear: 9999 }
const subjects = { expired: { ...present, untilYear: 2001 }, early: { ...present, fromYear: 9998 } }

let authority: TestAuthority

beforeAll(async () => {
  authority = await testAuthority()
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
    const port = await httpsServer({ ...(await selfSignedCertificate(present)) })
    expect(await failureOf(`https://localhost:${port}/`)).toMatchObject({ ...refused, reason: 'self_signed' })
  })

  test('a certificate of an authority that nobody knows is refused as untrusted', async () => {
    const port = await httpsServer({ ...(await authority.issue(present)) })
    expect(await failureOf(`https://localhost:${port}/`)).toMatchObject({ ...refused, reason: 'untrusted' })
  })

  test.each([
    ['has expired', 'expired', 'expired'],
    ['is not valid yet', 'early', 'not_yet_valid'],
  ] as const)('a certificate that %s is refused as such', async (_title, name, reason) => {
    trustAuthority()
    const port = await httpsServer({ ...(await authority.issue(subjects[name])) })
    expect(await failureOf(`https://localhost:${port}/`)).toMatchObject({ ...refused, reason })
  })

  test('a certificate for another host is refused as name_mismatch', async () => {
    trustAuthority()
    const port = await httpsServer({ ...(await authority.issue(present)) })
    expect(await failureOf(`https://127.0.0.1:${port}/`)).toMatchObject({ ...refused, reason: 'name_mismatch' })
  })

  test('a server that speaks only old versions of TLS is refused as protocol', async () => {
    const old: { minVersion: SecureVersion; maxVersion: SecureVersion } = { minVersion: 'TLSv1', maxVersion: 'TLSv1.1' }
    const port = await httpsServer({ ...(await authority.issue(present)), ...old })
    expect(await failureOf(`https://localhost:${port}/`)).toMatchObject({ ...refused, reason: 'protocol' })
  })

  test('HTTPS to a port that speaks HTTP is refused as protocol', async () => {
    const url = await httpServer((_request, response) => response.end())
    expect(await failureOf(url.replace('http:', 'https:'))).toMatchObject({ ...refused, reason: 'protocol' })
  })

  test('HTTP to a port that speaks HTTPS is closed without an answer', async () => {
    const port = await httpsServer({ ...(await authority.issue(present)) })
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
