// Tables of the documentation that are made from the connectors themselves, so that the two cannot differ.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Connector, VerificationScheme, WebhookDescription, WebhookField } from '../packages/core/src/index.ts'
import { schemeCoverage, schemeProof, schemeStrength } from './webhook-scheme-text.ts'

/** The subpath of every connector in `directory`. */
export function subpathTable(directory: string): string {
  return table(
    ['subpath', 'provider'],
    connectorsIn(directory).map(({ id, name }) => [`\`@holdfast/adapters/connectors/${id}\``, name]),
  )
}

/** How the webhooks of every connector in `directory` are verified and delivered. */
export function webhookTable(directory: string): string {
  return table(
    ['Import', 'Proof', 'Covers', 'Strength', 'Event id', 'Answer within', 'Tried again'],
    connectorsIn(directory).flatMap(({ id, webhook }) => (webhook === undefined ? [] : [row(id, webhook)])),
  )
}

function connectorsIn(directory: string): readonly Connector[] {
  return readdirSync(directory)
    .filter((file) => file.endsWith('.json'))
    .map((file) => JSON.parse(readFileSync(join(directory, file), 'utf8')) as Connector)
    .toSorted((one, other) => (one.id < other.id ? -1 : 1))
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  return [line(head), `|${'---|'.repeat(head.length)}`, ...rows.map(line)].join('\n')
}

function row(id: string, webhook: WebhookDescription): readonly string[] {
  const { delivery } = webhook
  return [
    `\`connectors/${id}\``,
    each(webhook, schemeProof),
    each(webhook, (scheme) => schemeCoverage(scheme, scheme.eventId ?? webhook.eventId)),
    each(webhook, schemeStrength),
    each(webhook, (scheme) => fieldText(scheme.eventId ?? webhook.eventId)),
    delivery?.timeoutMs === undefined ? '' : `${delivery.timeoutMs / 1000} s`,
    delivery?.retries ?? '',
  ]
}

function line(cells: readonly string[]): string {
  return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`
}

/** What is said of every scheme, said once where it is the same. */
function each({ verify }: WebhookDescription, textOf: (scheme: VerificationScheme) => string): string {
  return [...new Set(verify.map(textOf))].join('; else ')
}

function fieldText(field: WebhookField | undefined): string {
  if (field === undefined) return 'none'
  return `\`${field.from === 'body' ? field.pointer : field.name}\`${field.signed ? ', signed' : ''}`
}
