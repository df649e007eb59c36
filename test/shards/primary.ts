/** The primary of the cluster. Its settings are the only argument; it does what its parent says. */
import cluster, { type Worker } from 'node:cluster'
import { fileURLToPath } from 'node:url'
import type { ClusterCommand, ClusterMessage, ClusterSettings } from './cluster-settings.ts'

const settings = JSON.parse(process.argv[2] ?? '') as ClusterSettings
const tell = (message: ClusterMessage): void => void process.send?.(message)

cluster.setupPrimary({
  exec: fileURLToPath(new URL('./worker.ts', import.meta.url)),
  args: [JSON.stringify(settings)],
  execArgv: ['--conditions=@holdfast/source'],
})
cluster.on('listening', (_worker, { port }) => tell({ kind: 'listening', port }))
cluster.on('exit', (worker, code, signal) => {
  if (signal === 'SIGKILL') tell({ kind: 'killed', pid: worker.process.pid ?? 0 })
  else if (code !== 0) process.exit(1)
})
for (let index = 0; index < settings.workers; index++) cluster.fork()

const commands: Readonly<Record<ClusterCommand, () => void>> = {
  kill: () => void all()[0]?.process.kill('SIGKILL'),
  fork: () => void cluster.fork(),
  stop() {
    cluster.on('exit', () => {
      if (all().length === 0) process.exit(0)
    })
    for (const worker of all()) worker.send('stop')
  },
}
process.on('message', (command: ClusterCommand) => commands[command]())
process.on('disconnect', () => {
  for (const worker of all()) worker.process.kill('SIGKILL')
  process.exit(2)
})

/** Workers that run, the oldest first. */
function all(): Worker[] {
  return Object.values(cluster.workers ?? {}).filter((worker) => worker !== undefined)
}
