import { Cluster, Redis } from 'ioredis'
import { Cluster as ValkeyCluster } from 'iovalkey'
import { createCluster } from 'redis'
import { type Connected, type RedisService, type RedisServiceOptions, startRedis } from './redis-service.ts'

const NODES = 3
const SLOTS = 16_384

/** A cluster of its own, of three nodes without replicas. */
export interface RedisCluster {
  readonly nodes: readonly RedisService[]
  /** A connection to each node by itself. */
  readonly direct: readonly Connected[]
  /** Has one node do something. */
  call(node: number, command: string, ...args: readonly (string | number)[]): Promise<unknown>
  dispose(): Promise<void>
}

/** @param options - Of each node. */
export async function startCluster({ args = [], ...options }: RedisServiceOptions = {}): Promise<RedisCluster> {
  const nodes = await Promise.all(
    Array.from({ length: NODES }, () =>
      startRedis({ durable: true, ...options, args: ['--cluster-enabled', 'yes', ...args] }),
    ),
  )
  const admins = nodes.map(({ port }) => new Redis({ port }))
  const per = Math.ceil(SLOTS / NODES)
  await Promise.all(
    admins.map(async (admin, index) => {
      await admin.call('CLUSTER', 'SET-CONFIG-EPOCH', index + 1)
      await admin.call('CLUSTER', 'ADDSLOTSRANGE', index * per, Math.min(SLOTS, (index + 1) * per) - 1)
    }),
  )
  for (const { port } of nodes.slice(1)) await admins[0]?.call('CLUSTER', 'MEET', '127.0.0.1', port)
  await Promise.all(admins.map(untilJoined))
  return {
    nodes,
    call: (node, command, ...args) => (admins[node] as Redis).call(command, ...args),
    direct: admins.map((client) => ({ client, close: () => client.disconnect() })),
    dispose: async () => {
      for (const admin of admins) admin.disconnect()
      await Promise.all(nodes.map((node) => node.dispose()))
    },
  }
}

/** Connects to a cluster with each of the clients. */
export const clusterClients: Readonly<Record<string, (port: number) => Promise<Connected>>> = {
  ioredis: async (port) => {
    const client = new Cluster([{ host: '127.0.0.1', port }], { lazyConnect: true })
    client.on('error', () => {})
    await client.connect()
    return { client, close: () => client.disconnect() }
  },
  iovalkey: async (port) => {
    const client = new ValkeyCluster([{ host: '127.0.0.1', port }], { lazyConnect: true })
    client.on('error', () => {})
    await client.connect()
    return { client, close: () => client.disconnect() }
  },
  'node-redis': async (port) => {
    const client = createCluster({ rootNodes: [{ socket: { host: '127.0.0.1', port } }] })
    client.on('error', () => {})
    await client.connect()
    return { client, close: () => client.destroy() }
  },
}

async function untilJoined(admin: Redis): Promise<void> {
  for (;;) {
    const info = String(await admin.call('CLUSTER', 'INFO'))
    if (info.includes('cluster_state:ok') && info.includes(`cluster_known_nodes:${NODES}`)) return
  }
}
