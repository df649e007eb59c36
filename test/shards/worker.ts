/** A worker of the cluster: a receiver with a shard of its own. Its settings are the only argument. */
import { closeSync, openSync, writeSync } from 'node:fs'
import { createServer } from 'node:http'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { nodeHttpWebhooks } from '@holdfast/adapters/node-http'
import type { WebhookEvent } from '@holdfast/webhook-receiver'
import { identify, webhookSecret } from '../crash/test-event.ts'
import type { ClusterSettings, DeliveryLine } from './cluster-settings.ts'
import { sharedInbox } from './shared-inbox.ts'

const settings = JSON.parse(process.argv[2] ?? '') as ClusterSettings
const log = openSync(join(settings.logDirectory, `${process.pid}.jsonl`), 'a')

function note(kind: DeliveryLine['kind'], event: WebhookEvent): void {
  const { key, seq } = identify(event.json())
  const { partition, position } = event
  const line: DeliveryLine = {
    kind,
    at: Number(process.hrtime.bigint()),
    pid: process.pid,
    partition,
    position,
    key,
    seq,
  }
  writeSync(log, `${JSON.stringify(line)}\n`)
}

const receiver = sharedInbox(settings.directory, webhookSecret, settings.leaseMs, {
  async handle(event, { once }) {
    note('start', event)
    try {
      // Slow, so that a process that is killed leaves something.
      await sleep(settings.handlerMs)
      await once('book', async () => note('effect', event))
      note('done', event)
    } catch (error) {
      note('failed', event)
      throw error
    }
  },
  orderingKey: (event) => identify(event.json()).key,
  concurrency: 4,
  maxAttempts: Infinity,
})

await receiver.start()
const server = createServer(nodeHttpWebhooks(receiver, { source: 'github' }))
server.listen(0, '127.0.0.1')

process.on('message', () => {
  server.close()
  server.closeIdleConnections()
  void receiver.stop().then(() => {
    closeSync(log)
    process.exit(0)
  })
})
process.on('disconnect', () => process.exit(2))
