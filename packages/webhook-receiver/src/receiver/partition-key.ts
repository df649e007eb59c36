import { IntegrationError, InvalidOptionsError } from '@holdfast/core'
import type { EventBuffer, NewEvent } from '../buffer/event-buffer.ts'
import { deliveredEvent } from '../drain/delivered-event.ts'
import { ignoreRejection } from './ignore-rejection.ts'
import type { PartitionKey, SourceOptions } from './receiver.ts'

/**
 * Gives events the key that chooses their partition.
 *
 * @throws IntegrationError `configuration_error` with reason `partition_key` when the function throws, or returns what is no key.
 */
export function withPartitionKeys(
  events: readonly NewEvent[],
  partitionKey: PartitionKey | undefined,
): readonly NewEvent[] {
  return partitionKey === undefined ? events : events.map((event) => withKey(event, partitionKey))
}

function withKey(event: NewEvent, partitionKey: PartitionKey): NewEvent {
  let key: unknown
  try {
    key = partitionKey(deliveredEvent({ ...event, body: new Uint8Array(event.body), partition: 0, position: '' }))
  } catch (cause) {
    throw partitionKeyError('threw', cause)
  }
  if (key === undefined || key === null) return event
  if (typeof key === 'string') return { ...event, key }
  ignoreRejection(key)
  throw partitionKeyError(`returned a value of type ${typeof key}`)
}

function partitionKeyError(what: string, cause?: unknown): IntegrationError {
  return new IntegrationError({
    code: 'configuration_error',
    reason: 'partition_key',
    message: `The \`partitionKey\` of a source ${what}; it has to return a string, \`undefined\` or \`null\`.`,
    status: 500,
    phase: 'local',
    ...(cause === undefined ? {} : { cause }),
  })
}

/**
 * Checks that events which belong together do not end up in different partitions unnoticed.
 *
 * @throws InvalidOptionsError for the first source without a `partitionKey`, where the buffer has several partitions.
 */
export function checkPartitionKeys(buffer: EventBuffer, sources: Readonly<Record<string, SourceOptions>>): void {
  const { partitions } = buffer.caps
  if (partitions === 1) return
  for (const [name, { partitionKey }] of Object.entries(sources)) {
    if (partitionKey !== undefined) continue
    throw new InvalidOptionsError({
      path: `sources.${name}.partitionKey`,
      expected: `a function: the buffer has ${partitions} partitions, and events keep their order only within one`,
      received: undefined,
    })
  }
}
