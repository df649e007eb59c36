/**
 * The process that is killed. It is started by `startVictim` with its settings as the only argument, tells its parent how far
 * it has come, and ends by SIGKILL or when told to.
 */
import { createServer } from 'node:http'
import { flushCompileCache } from 'node:module'
import { setTimeout as sleep } from 'node:timers/promises'
import github from '@holdfast/adapters/connectors/github'
import { nodeHttpWebhooks } from '@holdfast/adapters/node-http'
import { createReceiver, type WebhookEvent } from '@holdfast/webhook-receiver'
import { buffers } from './buffers.ts'
import { type DeliveryLogWriter, openDeliveryLog } from './delivery-log.ts'
import { mutations } from './mutations.ts'
import { type SeededRandom, seededRandom } from './seeded-random.ts'
import { digestOf, identify, webhookSecret } from './test-event.ts'
import { type VictimCommand, type VictimMessage, type VictimSettings, audited } from './victim-process.ts'

const settings = JSON.parse(process.argv[2] ?? '') as VictimSettings
const log = openDeliveryLog(settings.logPath)
const buffer = buffers[settings.buffer](settings.directory)

const receiver = createReceiver({
  buffer: settings.mutation === undefined ? buffer : mutations[settings.mutation](buffer),
  sources: { github: { connector: github, secrets: [webhookSecret] } },
  destinations: {
    keyed: {
      handle: recordingHandler('keyed', log, { failureRatio: 0.02, sleepRatio: 0.2 }),
      orderingKey: (event) => identify(event.json()).key,
      concurrency: audited.keyed.concurrency,
      maxAttempts: Number.POSITIVE_INFINITY,
      baseDelayMs: 5,
      maxDelayMs: 20,
    },
    total: {
      handle: recordingHandler('total', log, { failureRatio: 0.002, sleepRatio: 0.05 }),
      concurrency: audited.total.concurrency,
      maxAttempts: Number.POSITIVE_INFINITY,
      baseDelayMs: 5,
      maxDelayMs: 20,
    },
  },
})

const server = createServer(nodeHttpWebhooks(receiver, { source: 'github' }))

function tell(message: VictimMessage): void {
  process.send?.(message)
}

process.on('message', (command: VictimCommand) => {
  void end(command)
})
// Without a parent nobody would ever end this process.
process.on('disconnect', () => process.exit(2))

// A kill would not let Node write it at the end; with it the next run starts in a third of the time.
flushCompileCache()
tell({ kind: 'opening' })
await receiver.start()
server.listen(0, '127.0.0.1', () => {
  const address = server.address()
  if (typeof address === 'object' && address !== null) tell({ kind: 'listening', port: address.port })
})

async function end(command: VictimCommand): Promise<void> {
  if (command === 'drain') await receiver.drained()
  await receiver.stop()
  server.close()
  server.closeAllConnections()
  process.exit(0)
}

function recordingHandler(
  destination: string,
  deliveries: DeliveryLogWriter,
  { failureRatio, sleepRatio }: { readonly failureRatio: number; readonly sleepRatio: number },
): (event: WebhookEvent) => Promise<void> {
  const random: SeededRandom = seededRandom(settings.seed, settings.run, destination)
  return async (event) => {
    const { key, seq } = identify(event.json())
    const record = { run: settings.run, destination, key, seq, digest: digestOf(event.body), id: event.id }
    deliveries.write({ kind: 'start', ...record })
    if (random.chance(sleepRatio)) await sleep(random.integer(1, 3))
    else if (random.chance(0.5)) await new Promise((resolve) => setImmediate(resolve))
    if (random.chance(failureRatio)) {
      deliveries.write({ kind: 'failed', ...record })
      throw new Error('failed on purpose')
    }
    deliveries.write({ kind: 'done', ...record })
  }
}
