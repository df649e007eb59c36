import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import github from '@holdfast/adapters/connectors/github'
import { createReceiver, type DestinationOptions, type Receiver } from '@holdfast/webhook-receiver'
import { diskBuffer } from '@holdfast/webhook-receiver/disk'
import { webhookSecret } from './github-delivery.ts'
import { median } from './statistics.ts'
import { perSecond, type Section } from './report.ts'
import { eventMaker } from './stored-events.ts'

const KEYS = 1000
const BATCH = 500

const BAD_KEY = 'key1'

const byKey: DestinationOptions = { handle: () => undefined, orderingKey: (event) => event.key, concurrency: 64 }

const DESTINATIONS: Readonly<Record<string, DestinationOptions>> = {
  '1,000 keys, concurrency 64': byKey,
  'the same, while one of the keys fails for ever': {
    ...byKey,
    handle: ({ key }) => {
      if (key === BAD_KEY) throw new Error('never')
    },
    maxAttempts: Infinity,
  },
  'total order, concurrency 1': { handle: () => undefined },
}

/** How fast does a backlog go to a handler in this process? */
export async function drainBacklog(quick: boolean): Promise<Section> {
  const backlog = quick ? 5_000 : 30_000
  const rounds = quick ? 1 : 3
  const results = new Map<string, number[]>()
  for (let round = -1; round < rounds; round += 1) {
    for (const [name, destination] of Object.entries(DESTINATIONS)) {
      const result = await playRound(backlog, destination)
      if (round >= 0) results.set(name, [...(results.get(name) ?? []), result])
    }
  }
  return {
    title: 'Inbound: drain of a backlog to an in-process handler',
    method: [
      `${backlog.toLocaleString('en-US')} events of 1 KiB, written before; the handler does nothing; acks are durable against the death of the process`,
      'Timed from start until all that can be delivered is, opening included',
      `${rounds} interleaved rounds after one for warm-up`,
    ],
    columns: ['destination', 'events/s median'],
    rows: [...results].map(([name, rates]) => [name, perSecond(median(rates))]),
  }
}

async function playRound(backlog: number, destination: DestinationOptions): Promise<number> {
  const directory = mkdtempSync(join(tmpdir(), 'holdfast-bench-drain-'))
  try {
    await fill(directory, backlog)
    const receiver = createReceiver({
      buffer: diskBuffer({ directory }),
      sources: { github: { connector: github, secrets: [webhookSecret] } },
      destinations: { bench: destination },
    })
    const deliverable = destination.maxAttempts === Infinity ? backlog - backlog / KEYS : backlog
    const startedAt = performance.now()
    await receiver.start()
    const delivered = await untilDelivered(receiver, deliverable)
    const elapsedMs = performance.now() - startedAt
    await receiver.stop()
    if (delivered !== deliverable) throw new Error(`${delivered} events were delivered instead of ${deliverable}`)
    return (delivered * 1000) / elapsedMs
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
}

async function untilDelivered(receiver: Receiver, deliverable: number): Promise<number> {
  const count = (): number => receiver.snapshot().destinations['bench']?.delivered ?? 0
  while (count() < deliverable) await setTimeout(1)
  return count()
}

async function fill(directory: string, backlog: number): Promise<void> {
  const buffer = diskBuffer({ directory })
  await buffer.open()
  // Registered before the first event, as a receiver that was stopped had done.
  await buffer.openConsumer('bench')
  const nextEvent = eventMaker(randomBytes(4).toString('hex'), KEYS)
  for (let written = 0; written < backlog; written += BATCH) {
    await buffer.append(Array.from({ length: BATCH }, nextEvent))
  }
  await buffer.close()
}
