import { arrayOf, type Check, nonEmptyString, oneOf } from '../options/check.ts'
import { checkEndpoints } from './check-endpoints.ts'
import { checkErrorRules } from './check-error-rules.ts'
import { checkRateLimits, pathPattern } from './check-rate-limits.ts'
import { type ChecksOf, checkEach, checkedElsewhere, checkShape, headerName, text } from './check-shape.ts'
import { checkWebhook } from './webhook/check-webhook.ts'
import type { Connector, ConnectorHttp, ConnectorSource } from './connector.ts'
import { idempotencyKeyFormats, keyedMethods } from './idempotency-key.ts'

const kebabCase: Check = (value) =>
  typeof value === 'string' && /^[a-z][a-z\d]*(?:-[a-z\d]+)*$/.test(value) ? undefined : 'an id in kebab-case'

const webUrl: Check = (value) =>
  typeof value === 'string' && /^https?:\/\//.test(value) && URL.canParse(value) ? undefined : 'an http or https URL'

const isoDate: Check = (value) => (isDate(value) ? undefined : 'an ISO 8601 date, for example `2026-01-31`')

const hostName: Check = (value) =>
  typeof value === 'string' && /^(?:\*\.)?[a-z\d-]+(?:\.[a-z\d-]+)*(?::\d{1,5})?$/.test(value)
    ? undefined
    : 'a host name in lower case, without scheme and path'

// `ChecksOf` makes a key that is added to a type, and not here, a type error.
const connectorChecks: ChecksOf<Connector> = {
  $schema: text,
  id: kebabCase,
  name: nonEmptyString,
  sources: checkedElsewhere,
  http: checkedElsewhere,
  errors: checkedElsewhere,
  rateLimits: checkedElsewhere,
  endpoints: checkedElsewhere,
  webhook: checkedElsewhere,
}

const sourceChecks: ChecksOf<ConnectorSource> = { url: webUrl, verifiedAt: isoDate }

const httpChecks: ChecksOf<ConnectorHttp> = {
  baseUrl: webUrl,
  hosts: arrayOf(hostName),
  requestIdHeader: headerName,
  idempotencyHeader: headerName,
  idempotencyPaths: arrayOf(pathPattern),
  idempotencyKeyFormat: oneOf(...idempotencyKeyFormats),
  idempotencyMethods: arrayOf(oneOf(...keyedMethods)),
  failuresInBody: arrayOf(pathPattern),
}

/**
 * Checks that `value` is a connector: known keys only, well-formed ids, pointers, dates and header names, known codes. Each
 * error rule's example must be matched by that rule and by none before it, and each rate limit's examples must read as they
 * say. Signature vectors are checked for their shape;
 * whether they verify is for the tests of `@holdfast/webhook-receiver`.
 *
 * @param path - Where the value stands, for messages.
 * @returns the same object, typed.
 * @throws InvalidOptionsError for the first thing that is wrong, with its path, for example
 * `connector.webhook.verify[0].encoding`.
 */
export function checkConnector(value: unknown, path = 'connector'): Connector {
  const { webhook } = checkApiConnector(value, path)
  if (webhook !== undefined) checkWebhook(`${path}.webhook`, webhook)
  return value as Connector
}

/**
 * The same for what calls need, without how webhooks are described: whoever only calls loads nothing of that.
 *
 * @throws InvalidOptionsError for the first thing that is wrong, with its path.
 */
export function checkApiConnector(value: unknown, path: string): Connector {
  const connector = checkShape(path, value, connectorChecks, ['id', 'name'])
  checkEach(`${path}.sources`, connector.sources, checkSource)
  if (connector.http !== undefined) checkShape(`${path}.http`, connector.http, httpChecks)
  if (connector.errors !== undefined) checkErrorRules(`${path}.errors`, connector.errors)
  if (connector.rateLimits !== undefined) checkRateLimits(`${path}.rateLimits`, connector.rateLimits)
  if (connector.endpoints !== undefined) checkEndpoints(`${path}.endpoints`, connector.endpoints)
  return value as Connector
}

function checkSource(path: string, value: unknown): void {
  checkShape(path, value, sourceChecks, ['url', 'verifiedAt'])
}

function isDate(value: unknown): boolean {
  if (typeof value !== 'string' || !/^\d{4}-\d{2}-\d{2}$/.test(value)) return false
  const date = new Date(`${value}T00:00:00Z`)
  return !Number.isNaN(date.getTime()) && date.toISOString().startsWith(value)
}
