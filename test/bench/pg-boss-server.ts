/**
 * A webhook endpoint that stores with pg-boss, as its documentation shows: one `send` for each webhook, the delivery's id as the id of the
 * job, so that a repeat is not stored twice. Arguments: the port of PostgreSQL; `idle` for no worker.
 */
import { PgBoss } from 'pg-boss'
import { account } from '../state/postgres-service.ts'
import { queueListener } from './queue-listener.ts'
import { serveListener } from './serve-listener.ts'

const QUEUE = 'inbox'

const [port = '', worker = ''] = process.argv.slice(2)
const boss = new PgBoss({ ...account, port: Number(port) })
boss.on('error', () => undefined)
await boss.start()
await boss.createQueue(QUEUE)
if (worker !== 'idle') await boss.work(QUEUE, { batchSize: 64, pollingIntervalSeconds: 0.5 }, async () => undefined)
serveListener(
  queueListener(async ({ id, headers, body }) => {
    await boss.send(QUEUE, { headers, body: body.toString() }, { id: uuidOf(id) })
  }),
)

/** GitHub's ids are UUIDs, which pg-boss wants; those of the load generator are 20 digits. */
function uuidOf(id: string): string {
  return `${id.slice(0, 8)}-0000-4000-8000-${id.slice(8)}`
}
