import { type Draft, hmac, sha256, type Statement } from './statement.ts'

// As long as RFC 7518 section 3.2 wants them.
const SECRETS: readonly [string, string] = ['a signing key of 32 bytes or more', 'the next signing key, 32 bytes also']

function base64Url(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url')
}

/** A JSON Web Token with HS256 (RFC 7515 section 3.1), and its signature. */
function tokenOf({ secret }: Draft, claims: object): { readonly token: string; readonly signature: string } {
  const signed = `${base64Url({ alg: 'HS256', typ: 'JWT' })}.${base64Url(claims)}`
  const signature = hmac('sha256', secret, signed).toString('base64url')
  return { token: `${signed}.${signature}`, signature }
}

interface TokenRow {
  readonly prefix?: string
  readonly signsBody?: false
  readonly signsUrl?: true
}

function token(
  connector: string,
  header: string,
  claims: (draft: Draft, seconds: number) => object,
  { prefix = '', signsBody, signsUrl }: TokenRow = {},
): Statement {
  return {
    connector,
    encoding: 'none',
    secrets: SECRETS,
    ...(signsBody === undefined ? {} : { signsBody }),
    ...(signsUrl === undefined ? {} : { signsUrl }),
    sign(draft) {
      const { token: text, signature } = tokenOf(draft, claims(draft, draft.atMs / 1000))
      return { signature, url: draft.url, headers: { [header]: prefix + text } }
    },
  }
}

export const tokenStatements: readonly Statement[] = [
  token('fusionauth', 'x-fusionauth-signature-jwt', ({ body }) => ({
    request_body_sha256: sha256(body).toString('base64'),
  })),
  token('livekit', 'authorization', ({ body }, seconds) => ({
    iss: 'key',
    nbf: seconds,
    exp: seconds + 300,
    sha256: sha256(body).toString('base64'),
  })),
  token(
    'messagebird',
    'messagebird-signature-jwt',
    ({ body, url }, seconds) => ({
      iss: 'MessageBird',
      nbf: seconds,
      exp: seconds + 60,
      jti: 'a',
      url_hash: sha256(url).toString('hex'),
      payload_hash: sha256(body).toString('hex'),
    }),
    { signsUrl: true },
  ),
  token('monday', 'authorization', ({ url }, seconds) => ({ aud: url, iat: seconds, exp: seconds + 300 }), {
    signsBody: false,
    signsUrl: true,
  }),
  token('netlify', 'x-webhook-signature', ({ body }) => ({ iss: 'netlify', sha256: sha256(body).toString('hex') })),
  token(
    'vonage',
    'authorization',
    ({ body }, seconds) => ({ iat: seconds, payload_hash: sha256(body).toString('hex') }),
    { prefix: 'Bearer ' },
  ),
  {
    connector: 'http-message-signatures',
    encoding: 'none',
    secrets: [Buffer.from(SECRETS[0]).toString('base64'), Buffer.from(SECRETS[1]).toString('base64')],
    sign({ secret, body, atMs }) {
      // RFC 9421 section 2.5 and RFC 9530 section 2.
      const digest = `sha-256=:${sha256(body).toString('base64')}:`
      const input = `("@method" "content-digest");created=${atMs / 1000};keyid="key"`
      const base = `"@method": POST\n"content-digest": ${digest}\n"@signature-params": ${input}`
      const signature = hmac('sha256', Buffer.from(secret, 'base64'), base).toString('base64')
      const headers = { 'content-digest': digest, 'signature-input': `sig=${input}`, signature: `sig=:${signature}:` }
      return { signature, headers }
    },
  },
]
