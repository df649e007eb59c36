import { InvalidOptionsError } from '@holdfast/core'

/** What is used of ioredis, iovalkey and their clusters. */
export interface IoredisLike {
  /** Tells the client from node-redis. */
  readonly defineCommand: (...args: never[]) => unknown
  eval(script: string, numberOfKeys: number, ...keysAndArguments: string[]): Promise<unknown>
}

/** What is used of node-redis, its pool and its cluster. */
export interface NodeRedisLike {
  eval(script: string, options: { keys: string[]; arguments: string[] }): Promise<unknown>
}

/** What is used of Bun's own client. It reads replies as text, so scripts answer it with text that stands for bytes. */
export interface BunRedisLike {
  send(command: string, args: string[]): Promise<unknown>
}

/** A client that the application has connected, and closes. */
export type RedisLike = IoredisLike | NodeRedisLike | BunRedisLike

/** What is used of ioredis, iovalkey and their clusters where bytes are stored. */
export interface BinaryIoredisLike extends IoredisLike {
  callBuffer(command: string, ...args: (string | Buffer | number)[]): Promise<unknown>
}

/** What is used of node-redis, its pool and its cluster where bytes are stored. */
export interface BinaryNodeRedisLike extends NodeRedisLike {
  /** The same client, whose replies are made by other classes. 36 is the type of strings. */
  withTypeMapping(mapping: { 36: typeof Buffer }): {
    eval(script: string, options: { keys: string[]; arguments: (string | Buffer)[] }): Promise<unknown>
    evalSha(sha: string, options: { keys: string[]; arguments: (string | Buffer)[] }): Promise<unknown>
    configGet(parameter: string): Promise<unknown>
  }
}

/** One connection of ioredis, iovalkey, node-redis or Bun: no pool, no cluster. */
export type SingleRedisLike =
  | BunRedisLike
  | BinaryIoredisLike
  | (BinaryNodeRedisLike & { sendCommand(args: string[]): Promise<unknown> })

/** A cluster of ioredis, iovalkey or node-redis, of which each node can be asked by itself. */
export type ClusterRedisLike =
  | (BinaryIoredisLike & { nodes(role: 'master'): SingleRedisLike[] })
  | (BinaryNodeRedisLike & { readonly masters: readonly object[]; nodeClient(node: never): Promise<SingleRedisLike> })

/** A client that the application has connected, and closes, where bytes are stored. */
export type BinaryRedisLike = BinaryIoredisLike | BinaryNodeRedisLike

/**
 * The client that a store was given, as `path`. With `bytes` it has to be one that can answer with them.
 *
 * @throws InvalidOptionsError for what is none, such as a URL or a function that makes a client.
 */
export function checkedClient<Client extends RedisLike>(
  client: Client,
  { bytes, path = 'client' }: { readonly bytes: boolean; readonly path?: string },
): Client {
  const given: unknown = client
  if (typeof given === 'object' && given !== null) {
    if (isCallable(given, 'send')) return client
    const needed = 'defineCommand' in given ? 'callBuffer' : 'withTypeMapping'
    if (isCallable(given, 'eval') && (!bytes || isCallable(given, needed))) return client
  }
  throw new InvalidOptionsError({
    path,
    expected: 'a client of ioredis, iovalkey, node-redis or Bun',
    received: given,
  })
}

/** Whether it is a cluster, and not one connection. */
export function isCluster(client: SingleRedisLike | ClusterRedisLike): client is ClusterRedisLike {
  return 'nodes' in client || 'nodeClient' in client
}

/** One connection to each node of a cluster that takes writes: those on which the client sends them. */
export async function mastersOf(client: ClusterRedisLike): Promise<readonly SingleRedisLike[]> {
  if ('nodes' in client) return client.nodes('master')
  return Promise.all(client.masters.map((node) => client.nodeClient(node as never)))
}

function isCallable(client: object, name: string): boolean {
  return typeof (client as Readonly<Record<string, unknown>>)[name] === 'function'
}

/** Runs a script on one key. */
export function evaluate(client: RedisLike, script: string, key: string, args: readonly string[]): Promise<unknown> {
  if ('defineCommand' in client) return client.eval(script, 1, key, ...args)
  if ('send' in client) return client.send('EVAL', [script, '1', key, ...args])
  return client.eval(script, { keys: [key], arguments: [...args] })
}
