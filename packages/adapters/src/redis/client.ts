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

/** A client that the application has connected, and closes. */
export type RedisLike = IoredisLike | NodeRedisLike

/** Runs a script on one key. */
export function evaluate(client: RedisLike, script: string, key: string, args: readonly string[]): Promise<unknown> {
  return 'defineCommand' in client
    ? client.eval(script, 1, key, ...args)
    : client.eval(script, { keys: [key], arguments: [...args] })
}
