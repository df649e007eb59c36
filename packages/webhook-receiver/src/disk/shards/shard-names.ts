import type { FileSystem } from '../file-system.ts'

/** More processes than this cannot share a directory. */
export const MAX_SHARDS = 256

const NAME = /^shard-(0|[1-9]\d{0,2})$/

/** Name of the directory of a shard. */
export function shardName(index: number): string {
  return `shard-${index}`
}

/** Numbers of the shards in a directory, in order. */
export async function findShards(fileSystem: FileSystem, directory: string): Promise<number[]> {
  return shardsAmong(await fileSystem.list(directory))
}

/** The same where the names in the directory are known. */
export function shardsAmong(names: readonly string[]): number[] {
  return names
    .flatMap((name) => NAME.exec(name)?.[1] ?? [])
    .map(Number)
    .filter((index) => index < MAX_SHARDS)
    .toSorted((left, right) => left - right)
}
