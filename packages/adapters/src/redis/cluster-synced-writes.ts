import { type ClusterRedisLike, isCluster, mastersOf, type SingleRedisLike } from './client.ts'
import { groupedBy, type Partition } from './partition.ts'
import { scriptOf, textOf } from './script.ts'
import { runOf } from './server-check.ts'
import {
  createSyncedServer,
  elsewhere,
  explained,
  infoOf,
  type Keeper,
  openSyncedWrites,
  type SyncedServer,
  type SyncedWrites,
  type SyncedWritesOptions,
  unsynced,
} from './synced-writes.ts'

const runScript = scriptOf("return string.match(redis.call('INFO', 'server'), 'run_id:(%x+)')")

/** What synced writes are made of, wherever the buffer is. */
export interface WaitAofOptions extends Omit<SyncedWritesOptions, 'client'> {
  readonly client: SingleRedisLike | ClusterRedisLike
  readonly partitions: readonly Partition[]
}

type ClusterSyncedWritesOptions = WaitAofOptions & { readonly client: ClusterRedisLike }

/** Which run of which server has what. */
interface Layout {
  /** By partition. */
  readonly runs: readonly string[]
  readonly servers: ReadonlyMap<string, SyncedServer>
}

/**
 * Makes what waits for disks: for one server, or for the nodes of a cluster, as the client is. `infos` is what those say of themselves who have the buffer.
 *
 * @throws BufferError `buffer_unusable` where there is nothing to wait for.
 */
export function openWaitAof(
  { client, partitions, ...how }: WaitAofOptions,
  infos: readonly string[],
): Promise<SyncedWrites> {
  return isCluster(client)
    ? openClusterSyncedWrites({ ...how, client, partitions })
    : openSyncedWrites({ ...how, client }, (partitions[0] as Partition).keys, infos)
}

/**
 * Makes what waits with `WAITAOF` in a cluster: on each node that took something, once for all who wait for it. A node that does not have a partition any more
 * says so when it is asked, or calls itself otherwise than the one that had it.
 *
 * @throws BufferError `buffer_unusable` where there is nothing to wait for.
 */
async function openClusterSyncedWrites(options: ClusterSyncedWritesOptions): Promise<SyncedWrites> {
  const { partitions } = options
  let layout: Layout = { runs: [], servers: new Map() }
  let looking: Promise<void> | undefined

  const look = (): Promise<void> => {
    looking ??= layoutOf(options, layout)
      .then((found) => {
        layout = found
      })
      .finally(() => {
        looking = undefined
      })
    return looking
  }

  const keeperOf = (partition: number): Keeper => {
    const server = layout.servers.get(layout.runs[partition] as string)
    return { server, run: server?.run, keys: (partitions[partition] as Partition).keys }
  }

  await explained(look)
  if (layout.runs.some((run) => !layout.servers.has(run))) throw elsewhere()
  await explained(() => waitForAll([...partitions.keys()].map(keeperOf)))
  return {
    keeperOf,
    async wait(keepers) {
      try {
        await waitForAll(keepers)
      } catch (error) {
        // Others may have taken over.
        look().catch(() => {})
        throw error
      }
    },
  }
}

async function waitForAll(keepers: readonly Keeper[]): Promise<void> {
  const waits = Array.from(
    groupedBy(keepers, ({ server }) => server),
    async ([server, members]) => {
      if (server === undefined) throw unsynced()
      await server.wait(members)
    },
  )
  await Promise.all(waits)
}

/** Looks who has what. Of a partition whose node is away, what was `known` stays. */
async function layoutOf(options: ClusterSyncedWritesOptions, known: Layout): Promise<Layout> {
  const { client, partitions, ...rest } = options
  const runOfPartition = async (partition: Partition): Promise<string> => {
    try {
      return textOf(await partition.run(runScript, []))
    } catch (error) {
      const run = known.runs[partition.index]
      if (run === undefined) throw error
      return run
    }
  }
  const masters = await mastersOf(client)
  const [runs, infos] = await Promise.all([
    Promise.all(partitions.map(runOfPartition)),
    // One that is away holds up nothing of the others.
    Promise.all(masters.map((master) => infoOf({ ...rest, client: master }).catch(() => ''))),
  ])
  const servers = new Map<string, SyncedServer>()
  for (const [index, master] of masters.entries()) {
    const run = runOf(infos[index] as string)
    if (run !== undefined) servers.set(run, createSyncedServer({ ...rest, client: master }, run))
  }
  return { runs, servers }
}
