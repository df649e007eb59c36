import { type BufferDurability, BufferError } from '@holdfast/webhook-receiver'
import type { BinaryRedisLike, BunRedisLike } from './client.ts'

/**
 * What a stored event survives, by what a server says of itself.
 *
 * @throws BufferError `buffer_unusable` when it may throw events away by itself, or keeps none of them.
 */
export function checkServer(
  info: string,
  appendfsync: string | undefined,
  stated: BufferDurability | undefined,
): BufferDurability {
  const policy = fieldOf(info, 'maxmemory_policy')
  if (policy !== undefined && policy !== 'noeviction')
    throw new BufferError(
      'buffer_unusable',
      `With \`maxmemory-policy ${policy}\` Redis deletes events when its memory is full. Set \`noeviction\`.`,
    )
  if (stated !== undefined) return stated
  if (fieldOf(info, 'aof_enabled') === '0')
    throw new BufferError(
      'buffer_unusable',
      'Redis keeps no append-only file, so that events end with its process. Set `appendonly yes`, or say `durability: "memory"` if they may be lost.',
    )
  return appendfsync === 'always' ? 'fsync' : 'os'
}

/** Whether those who said this of themselves are one server, which has every key. */
export function isOneServer(infos: readonly string[]): boolean {
  const runs = new Set(infos.map(runOf))
  return runs.size === 1 && !runs.has(undefined) && infos.every((info) => fieldOf(info, 'cluster_enabled') === '0')
}

/** What a server calls its run; `undefined` where it does not tell. */
export function runOf(info: string): string | undefined {
  return fieldOf(info, 'run_id')
}

/** The setting `appendfsync`; `undefined` where the server does not tell, as services do that are run by others. */
export async function askAppendfsync(client: BinaryRedisLike | BunRedisLike): Promise<string | undefined> {
  try {
    const reply: unknown = await configOf(client, 'appendfsync')
    // The form of the reply depends on the version of the protocol: name and value in a list, a map or an object.
    const values = reply instanceof Map ? [...reply.values()] : Object.values(reply as object)
    return String(values.at(-1))
  } catch {
    return undefined
  }
}

function configOf(client: BinaryRedisLike | BunRedisLike, name: string): Promise<unknown> {
  if ('send' in client) return client.send('CONFIG', ['GET', name])
  return 'defineCommand' in client
    ? client.callBuffer('config', 'get', name)
    : client.withTypeMapping({ 36: Buffer }).configGet(name)
}

function fieldOf(info: string, name: string): string | undefined {
  return new RegExp(`^${name}:(.*?)\r?$`, 'm').exec(info)?.[1]
}
