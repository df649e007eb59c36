import { arrayOf, type Check, nonEmptyString, oneOf } from '../../options/check.ts'
import { type ChecksOf, checkedElsewhere, checkShape, jsonPointer, type Shape } from '../check-shape.ts'
import { kindOf, refusal } from '../check-variant.ts'
import { checkSignatureSource } from './check-signature-source.ts'
import { checkSource } from './check-value-source.ts'
import type { ConfiguredKey, FetchedKey } from './key-source.ts'

const configuredChecks: ChecksOf<ConfiguredKey> = {
  from: oneOf('secret'),
  format: oneOf('pem', 'spki', 'raw'),
  encoding: oneOf('base64', 'hex'),
  prefix: nonEmptyString,
}

/** A host whose `*` stand for a part of a label: never for the registrable domain. */
const pinnedHost: Check = (value) =>
  typeof value === 'string' && /^[a-z\d*-]+(?:\.[a-z\d*-]+)*\.[a-z\d-]+\.[a-z]+$/.test(value)
    ? undefined
    : 'a host name in lower case, with `*` in its first labels only'

const dnsName: Check = (value) =>
  typeof value === 'string' && /^[a-z\d-]+(?:\.[a-z\d-]+)+$/.test(value) ? undefined : 'a DNS name in lower case'

const origin: Check = (value) =>
  typeof value === 'string' && /^https:\/\/[a-z\d-]+(?:\.[a-z\d-]+)*\.[a-z]+$/.test(value)
    ? undefined
    : 'an https URL of a host in lower case, without a path'

const path: Check = (value) => (typeof value === 'string' && value.startsWith('/') ? undefined : 'a path pattern')

const fetchedChecks: ChecksOf<FetchedKey> = {
  from: oneOf('url'),
  url: checkedElsewhere,
  hosts: arrayOf(pinnedHost),
  origin,
  path,
  keyId: checkedElsewhere,
  kind: oneOf('x509', 'pem', 'jwk', 'jwks'),
  pointer: jsonPointer,
  certificateNames: arrayOf(dnsName),
  method: oneOf('GET', 'POST'),
  authorized: oneOf(true),
}

/** Checks where the keys of a scheme come from. */
export function checkKeySource(at: string, value: unknown): void {
  if (kindOf(at, value, 'from', ['secret', 'url']) === 'secret') {
    checkShape(at, value, configuredChecks, ['format'])
    return
  }
  const source = checkShape(at, value, fetchedChecks, ['kind'])
  checkUrl(at, source)
  if (source.keyId !== undefined) checkSignatureSource(`${at}.keyId`, source.keyId)
  if (source.pointer !== undefined && (source.kind === 'x509' || source.kind === 'jwks'))
    throw refusal(`${at}.pointer`, `absent with \`kind: '${source.kind}'\``, 'a value')
  if (source.certificateNames !== undefined && source.kind !== 'x509')
    throw refusal(`${at}.certificateNames`, "absent unless `kind` is 'x509'", 'a value')
}

/** A URL that the request says is pinned; one that the connector says pins itself. */
function checkUrl(at: string, { url, hosts, origin: before, path: pattern }: Shape): void {
  if (url === undefined || typeof url === 'string') {
    if (url !== undefined && !isHttpsUrl(url)) throw refusal(`${at}.url`, 'an https URL', 'another text')
    for (const [key, value] of Object.entries({ hosts, origin: before, path: pattern })) {
      if (value !== undefined) throw refusal(`${at}.${key}`, 'absent unless the request says the URL', 'a value')
    }
    return
  }
  checkSource(`${at}.url`, url)
  if (before !== undefined) {
    if (hosts !== undefined) throw refusal(`${at}.hosts`, 'absent with `origin`', 'a value')
    return
  }
  if (hosts === undefined || (hosts as readonly string[]).length === 0)
    throw refusal(`${at}.hosts`, 'at least one host, because the request says the URL', 'none')
}

function isHttpsUrl(text: string): boolean {
  const url = text.replaceAll('{keyId}', 'id')
  return url.startsWith('https://') && URL.canParse(url) && new URL(url).host !== ''
}
