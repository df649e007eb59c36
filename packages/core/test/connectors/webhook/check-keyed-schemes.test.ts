import { describe, expect, test } from 'vitest'
import { checkWebhook } from '../../../src/connectors/webhook/check-webhook.ts'
import type {
  HttpSignatureScheme,
  JwtScheme,
  KeySource,
  SignatureScheme,
  VerificationScheme,
} from '../../../src/connectors/webhook/webhook-description.ts'
import { InvalidOptionsError } from '../../../src/errors/invalid-options-error.ts'

const signature: SignatureScheme = {
  scheme: 'signature',
  algorithm: 'ecdsa-p256-sha256',
  form: 'raw',
  encoding: 'base64',
  key: { from: 'secret', format: 'raw', encoding: 'hex', prefix: 'whpk_' },
  signature: { from: 'header', name: 'x-signature' },
  message: [{ part: 'body' }],
}

const fetched: KeySource = {
  from: 'url',
  url: { from: 'body', pointer: '/SigningCertURL' },
  hosts: ['sns.*.amazonaws.com', 'api.example.com'],
  path: '/SimpleNotificationService-*.pem',
  keyId: { from: 'header', name: 'x-key', format: { kind: 'base64Json', pointer: '/kid' } },
  kind: 'x509',
  certificateNames: ['sns.amazonaws.com'],
  method: 'POST',
  authorized: true,
}

const jwt: JwtScheme = {
  scheme: 'jwt',
  algorithms: ['HS256', 'ES256', 'EdDSA'],
  token: { from: 'header', name: 'authorization', format: { kind: 'plain', prefix: 'Bearer ' } },
  secret: { encoding: 'utf8' },
  key: { from: 'url', kind: 'jwks' },
  claims: {
    bodyHash: { name: 'payload_hash', hash: 'sha256', encoding: 'hex', optional: true },
    urlHash: { name: 'url_hash', hash: 'sha256', encoding: 'base64url' },
    issuer: 'Example',
    audience: 'url',
    requires: ['jti'],
  },
  maxAgeMs: 300_000,
  leewayMs: 0,
}

const httpSignature: HttpSignatureScheme = {
  scheme: 'http-signature',
  algorithms: ['hmac-sha256', 'rsa-v1_5-sha256'],
  label: 'sig1',
  tag: 'app',
  requires: ['@method', '@target-uri', '@query-param;name="a"', 'content-digest', 'x-a;sf', 'x-b;key="c"'],
  requiresParameters: ['created', 'keyid'],
  toleranceMs: 300_000,
  secret: { encoding: 'base64' },
  key: { from: 'secret', format: 'pem' },
}

function failureOf(scheme: unknown): string {
  try {
    checkWebhook('webhook', { verify: [scheme] })
  } catch (error) {
    expect(error).toBeInstanceOf(InvalidOptionsError)
    return (error as InvalidOptionsError).message
  }
  throw new Error('It passes.')
}

describe('checkWebhook', () => {
  test.each<readonly [string, VerificationScheme]>([
    ['a signature with configured keys', signature],
    [
      'a signature with published keys',
      { ...signature, key: fetched, recipient: { from: 'body', pointer: '/TopicArn' } },
    ],
    ['a signature over a secret, with published keys', { ...signature, key: fetched, message: [{ part: 'secret' }] }],
    [
      'a key whose path the request says',
      {
        ...signature,
        key: { from: 'url', url: { from: 'header', name: 'x-key' }, origin: 'https://a.example', kind: 'pem' },
      },
    ],
    [
      'a key whose URL holds its id',
      { ...signature, key: { from: 'url', url: 'https://a.example/{keyId}', kind: 'pem', pointer: '/key' } },
    ],
    ['a JWT', jwt],
    ['an HTTP message signature', httpSignature],
  ])('takes %s', (_title, scheme) => {
    expect(() => checkWebhook('webhook', { verify: [scheme] })).not.toThrow()
  })

  const withKey = (key: object): object => ({ ...signature, key: { ...fetched, ...key } })
  const { url: _url, ...withoutUrl } = fetched
  const { hosts: _hosts, ...withoutHosts } = fetched
  const { path: _path, ...unpinned } = withoutHosts
  const withOrigin = (origin: string): object => ({ ...signature, key: { ...withoutHosts, origin } })
  const { url: _place, ...withoutPins } = { ...unpinned, origin: 'https://a.example' }
  const { secret: _secret, ...jwtWithoutSecret } = jwt
  const { key: _key, ...jwtWithoutKey } = jwt

  test.each([
    ['an algorithm that nobody has', { ...signature, algorithm: 'md5' }, 'verify[0].algorithm'],
    ['a form of another kind', { ...signature, algorithm: 'ed25519' }, 'verify[0].form'],
    ['a signature without key', { ...signature, key: undefined }, 'verify[0].key'],
    ['a key from elsewhere', { ...signature, key: { from: 'file' } }, 'verify[0].key.from'],
    ['a configured key of no form', { ...signature, key: { from: 'secret' } }, 'verify[0].key.format'],
    ['a secret beside configured keys', { ...signature, message: [{ part: 'secret' }] }, 'verify[0].message'],
    [
      'a recipient beside configured keys',
      { ...signature, recipient: { from: 'body', pointer: '/a' } },
      'verify[0].recipient',
    ],
    ['a timestamp that is nowhere', { ...signature, message: [{ part: 'timestamp' }] }, 'verify[0].timestamp'],
    ['a URL that the request says and nobody pins', { ...signature, key: withoutHosts }, 'verify[0].key.hosts'],
    ['no host at all', withKey({ hosts: [] }), 'verify[0].key.hosts'],
    ['any host of a domain that anybody can have', withKey({ hosts: ['*.com'] }), 'verify[0].key.hosts'],
    ['any domain', withKey({ hosts: ['sns.*.*.com'] }), 'verify[0].key.hosts'],
    ['an address for a host', withKey({ hosts: ['127.0.0.1'] }), 'verify[0].key.hosts'],
    ['a path that is none', withKey({ path: 'a' }), 'verify[0].key.path'],
    ['hosts beside an origin', withKey({ origin: 'https://a.example' }), 'verify[0].key.hosts'],
    ['an origin with a path', withOrigin('https://a.example/b'), 'verify[0].key.origin'],
    ['an origin over http', withOrigin('http://a.example'), 'verify[0].key.origin'],
    ['an origin without a URL of the request', { ...signature, key: withoutPins }, 'verify[0].key.origin'],
    ['pins without a URL of the request', { ...signature, key: withoutUrl }, 'verify[0].key.hosts'],
    ['http', { ...signature, key: { ...unpinned, url: 'http://a.example/' } }, 'verify[0].key.url'],
    ['no URL', { ...signature, key: { ...unpinned, url: 'https://' } }, 'verify[0].key.url'],
    ['a pointer into a certificate', withKey({ pointer: '/a' }), 'verify[0].key.pointer'],
    ['names of a certificate that is none', withKey({ kind: 'pem' }), 'verify[0].key.certificateNames'],
    ['an option that nobody knows', withKey({ followRedirects: true }), 'verify[0].key.followRedirects'],
    ['a token that is nowhere', { ...jwt, token: undefined }, 'verify[0].token'],
    ['the algorithm none', { ...jwt, algorithms: ['none'] }, 'verify[0].algorithms'],
    ['no algorithm', { ...jwt, algorithms: [] }, 'verify[0].algorithms'],
    ['an HMAC without secret', jwtWithoutSecret, 'verify[0].secret'],
    ['a public key without key', jwtWithoutKey, 'verify[0].key'],
    ['a secret without HMAC', { ...jwt, algorithms: ['ES256'] }, 'verify[0].secret'],
    ['a key without public-key algorithm', { ...jwt, algorithms: ['HS256'] }, 'verify[0].key'],
    ['an audience that is a text', { ...jwt, claims: { audience: 'https://a.example' } }, 'verify[0].claims.audience'],
    ['half a hash', { ...jwt, claims: { bodyHash: { name: 'a' } } }, 'verify[0].claims.bodyHash.hash'],
    ['a component of an answer', { ...httpSignature, requires: ['@status'] }, 'verify[0].requires'],
    ['a field in upper case', { ...httpSignature, requires: ['Date'] }, 'verify[0].requires'],
    ['a component of another request', { ...httpSignature, requires: ['@method;req'] }, 'verify[0].requires'],
    ['a parameter without name', { ...httpSignature, requires: ['@query-param'] }, 'verify[0].requires'],
  ])('refuses %s', (_title, scheme, path) => {
    expect(failureOf(scheme)).toContain(`\`webhook.${path}`)
  })
})
