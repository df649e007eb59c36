import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { balance, type Books, readDeliveries } from './books.ts'
import type { ClusterCommand, ClusterMessage, ClusterSettings } from './cluster-settings.ts'
import { startSenders } from './senders.ts'

const PRIMARY = fileURLToPath(new URL('./primary.ts', import.meta.url))
const LOOK_EVERY_MS = 50

/** How a run goes. */
export interface ClusterTestOptions {
  readonly directory: string
  readonly workers: number
  readonly keys: number
  readonly eventsPerKey: number
  /** Workers that are killed, one after the other, while events come. */
  readonly kills: number
  /** Whether another worker is started for each that was killed. Otherwise those that live have to do with what is left. */
  readonly restart: boolean
  readonly seed: number
  readonly handlerMs: number
  readonly leaseMs: number
  readonly repeatRatio: number
  /** How long everything acknowledged may take to be delivered after the last event. */
  readonly patienceMs: number
}

export interface ClusterReport {
  readonly books: Books
  readonly sent: number
  readonly acknowledged: number
  readonly repeated: number
  /** For each kill, how long until a living process first delivered from the dead one's shard; absent where nothing was left in it. */
  readonly adoptedAfterMs: readonly number[]
  /** Shards that were delivered from by more than one process. */
  readonly sharedShards: number
}

/** Kills workers of a real cluster under load, waits until everything acknowledged is delivered, and balances the books. */
export async function runClusterTest(options: ClusterTestOptions): Promise<ClusterReport> {
  const logDirectory = join(options.directory, 'log')
  mkdirSync(logDirectory, { recursive: true })
  const { workers, handlerMs, leaseMs } = options
  const cluster = startCluster({
    directory: options.directory,
    logDirectory,
    workers,
    handlerMs,
    leaseMs,
  })
  try {
    const port = await cluster.listening(workers)
    const senders = startSenders({ port, ...options })
    const kills: { readonly pid: number; readonly at: number }[] = []
    for (let kill = 1; kill <= options.kills; kill++) {
      const share = (kill / (options.kills + 1)) * options.keys * options.eventsPerKey
      while (senders.acknowledged.size < share) await sleep(LOOK_EVERY_MS)
      kills.push({ pid: await cluster.kill(), at: Number(process.hrtime.bigint()) })
      if (options.restart) cluster.tell('fork')
    }
    await senders.finished
    const deadline = performance.now() + options.patienceMs
    const killed = new Set(kills.map(({ pid }) => pid))
    const current = (): Books => balance(readDeliveries(logDirectory), senders.acknowledged, senders.sent, killed)
    while (current().lost.length > 0 && performance.now() < deadline) await sleep(10 * LOOK_EVERY_MS)
    await cluster.stop()
    const lines = readDeliveries(logDirectory)
    const owners = new Map<number, Set<number>>()
    for (const { partition, pid } of lines) owners.set(partition, (owners.get(partition) ?? new Set()).add(pid))
    return {
      books: balance(lines, senders.acknowledged, senders.sent, killed),
      sent: senders.sent.size,
      acknowledged: senders.acknowledged.size,
      repeated: senders.repeated,
      adoptedAfterMs: kills.flatMap(({ pid, at }) => {
        const own = lines.findLast((line) => line.pid === pid)?.partition
        const next = lines.find((line) => line.partition === own && line.pid !== pid && line.at > at)
        return next === undefined ? [] : [(next.at - at) / 1e6]
      }),
      sharedShards: [...owners.values()].filter((pids) => pids.size > 1).length,
    }
  } finally {
    cluster.end()
  }
}

function startCluster(settings: ClusterSettings): {
  listening(workers: number): Promise<number>
  kill(): Promise<number>
  tell(command: ClusterCommand): void
  stop(): Promise<void>
  end(): void
} {
  const child: ChildProcess = spawn(
    process.execPath,
    ['--conditions=@holdfast/source', PRIMARY, JSON.stringify(settings)],
    { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] },
  )
  const exit = once(child, 'exit')
  const messages: ClusterMessage[] = []
  child.on('message', (message: ClusterMessage) => messages.push(message))
  const take = async <Kind extends ClusterMessage['kind']>(
    kind: Kind,
  ): Promise<Extract<ClusterMessage, { kind: Kind }>> => {
    for (;;) {
      const index = messages.findIndex((message) => message.kind === kind)
      if (index !== -1) return messages.splice(index, 1)[0] as Extract<ClusterMessage, { kind: Kind }>
      if (child.exitCode !== null) throw new Error(`The cluster ended by itself (${child.exitCode}).`)
      await Promise.race([once(child, 'message'), exit])
    }
  }
  return {
    async listening(workers) {
      let port = 0
      for (let count = 0; count < workers; count++) port = (await take('listening')).port
      return port
    },
    async kill() {
      child.send('kill')
      return (await take('killed')).pid
    },
    tell: (command) => void child.send(command),
    async stop() {
      child.send('stop')
      await exit
    },
    end: () => void child.kill('SIGKILL'),
  }
}
