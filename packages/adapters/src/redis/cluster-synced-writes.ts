import { type ClusterRedisLike, isCluster, mastersOf, type SingleRedisLike } from './client.ts'
import { groupedBy, type Partition } from './partition.ts'
import { scriptOf, textOf } from './script.ts'
import { runOf } from './server-check.ts'
import {
  createSyncedServer,
  elsewhere,
  explained,
  infoOf,
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

interface ClusterSyncedWritesOptions extends Omit<SyncedWritesOptions, 'client'> {
  readonly client: ClusterRedisLike
  readonly partitions: readonly Partition[]
}

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
    looking ??= layoutOf(options)
      .then((found) => {
        layout = found
      })
      .finally(() => {
        looking = undefined
      })
    return looking
  }

  const waitIn = async ({ runs, servers }: Layout, indexes: readonly number[]): Promise<void> => {
    const waits = Array.from(
      groupedBy(new Set(indexes), (index) => runs[index]),
      async ([run = '', members]) => {
        const server = servers.get(run)
        if (server === undefined) throw unsynced()
        await server.wait(members.map((index) => (partitions[index] as Partition).keys))
      },
    )
    await Promise.all(waits)
  }

  await explained(look)
  if (layout.runs.some((run) => !layout.servers.has(run))) throw elsewhere()
  await explained(() => waitIn(layout, [...partitions.keys()]))
  return {
    async wait(indexes) {
      const known = layout
      try {
        await waitIn(known, indexes)
      } catch (error) {
        // Others may have taken over. Who waits now was answered by the one before, and what that had is not known.
        look().catch(() => {})
        throw error
      }
    },
  }
}

async function layoutOf(options: ClusterSyncedWritesOptions): Promise<Layout> {
  const { client, partitions, ...rest } = options
  const masters = await mastersOf(client)
  const [runs, infos] = await Promise.all([
    Promise.all(partitions.map(async (partition) => textOf(await partition.run(runScript, [])))),
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
