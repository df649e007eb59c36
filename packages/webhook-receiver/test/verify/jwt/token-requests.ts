import { createHash, type KeyObject } from 'node:crypto'
import type { JwtScheme } from '@holdfast/core'
import type { VerifiableRequest } from '../../../src/verify/verifiable-request.ts'

export const NOW_S: number = 1_764_000_000
export const BODY: string = '{"a":"ü"}'
export const SECRET: string = 'a secret of a sufficient length for every hash, which is 64 bytes'
export const URL_OF_HOOK: string = 'https://hooks.example.com/in?x=1'
export const sha256 = (text: string, encoding: 'hex' | 'base64' | 'base64url' = 'hex'): string =>
  createHash('sha256').update(text).digest(encoding)

export const scheme: JwtScheme = {
  scheme: 'jwt',
  algorithms: ['HS256'],
  token: { from: 'header', name: 'authorization', format: { kind: 'plain', prefix: 'Bearer ' } },
  secret: { encoding: 'utf8' },
  claims: { bodyHash: { name: 'body', hash: 'sha256', encoding: 'hex' } },
}

export function requestWith(token: string, own: Partial<VerifiableRequest> = {}): VerifiableRequest {
  return {
    headers: [['Authorization', `Bearer ${token}`]],
    body: Buffer.from(BODY),
    receivedAt: NOW_S * 1000,
    url: URL_OF_HOOK,
    ...own,
  }
}

export const claims: Readonly<Record<string, unknown>> = {
  iss: 'Example',
  iat: NOW_S,
  exp: NOW_S + 60,
  body: sha256(BODY),
}
export const pemOf = (key: KeyObject): string => key.export({ type: 'spki', format: 'pem' }).toString()
