import type { WebhookField } from '@holdfast/core'
import type { BoundPart } from '../verify-result.ts'
import type { LabelledSignature } from './signature-input.ts'

/** What a signature covers, in our words. Components with parameters that change their value count as what they are part of only where they are whole. */
export function coverageOf(
  { components, parameters }: LabelledSignature,
  bodyFits: boolean,
  eventId: WebhookField | undefined,
): readonly BoundPart[] {
  const names = new Set(components.map(({ name }) => name))
  const bound = new Set<BoundPart>()
  if (bodyFits) bound.add('body')
  if (names.has('@method')) bound.add('method')
  if (coversUrl(names)) bound.add('url')
  if (parameters.created !== undefined || parameters.expires !== undefined) bound.add('timestamp')
  for (const component of components) {
    const parameter = component.parameters.get('name')
    if (component.name === '@query-param' && typeof parameter === 'string') bound.add(`query:${parameter}`)
    else if (!component.name.startsWith('@') && !component.parameters.has('key')) bound.add(`header:${component.name}`)
  }
  if (eventId !== undefined && coversId(bound, parameters, eventId)) bound.add('id')
  return [...bound]
}

/** The target, or the host and all that follows it. */
function coversUrl(names: ReadonlySet<string>): boolean {
  if (names.has('@target-uri')) return true
  return names.has('@authority') && (names.has('@request-target') || (names.has('@path') && names.has('@query')))
}

function coversId(
  bound: ReadonlySet<BoundPart>,
  parameters: LabelledSignature['parameters'],
  { from, name = '' }: WebhookField,
): boolean {
  switch (from) {
    case 'header':
      return bound.has(`header:${name}`)
    case 'body':
      return bound.has('body')
    case 'query':
      return bound.has('url') || bound.has(`query:${name}`)
    case 'claim':
      return Object.hasOwn(parameters, name)
  }
}
