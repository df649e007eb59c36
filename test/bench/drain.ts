import { randomBytes } from 'node:crypto'
import { cpSync, mkdtempSync, rmSync, write } from 'node:fs'
import { open } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import github from '@holdfast/adapters/connectors/github'
import { createReceiver, type DestinationOptions, type Receiver } from '@holdfast/webhook-receiver'
import { diskBuffer } from '@holdfast/webhook-receiver/disk'
import { webhookSecret } from './github-delivery.ts'
import { besideBar, interval, perSecond, type Section } from './report.ts'
import { median, ratioOf } from './statistics.ts'
import { eventMaker } from './stored-events.ts'

const KEYS = 1000
const BATCH = 500
/** What one ack takes in its file. */
const ACK_BYTES = 64

const BAD_KEY = 'key1'

const byKey: DestinationOptions = { handle: () => undefined, orderingKey: (event) => event.key, concurrency: 64 }
const failing: DestinationOptions = {
  ...byKey,
  handle: ({ key }) => {
    if (key === BAD_KEY) throw new Error('never')
  },
  maxAttempts: Infinity,
}
const total: DestinationOptions = { handle: () => undefined }

const MIN_PER_SECOND = 100_000
const MIN_SHARE_WITH_FAILING_KEY = 0.95

/** How fast does a backlog go to a handler in this process? */
export async function drainBacklog(quick: boolean): Promise<Section> {
  const backlog = quick ? 5_000 : 100_000
  const rounds = quick ? 1 : 9
  const directory = mkdtempSync(join(tmpdir(), 'holdfast-bench-drain-'))
  try {
    const filled = join(directory, 'filled')
    await fill(filled, backlog)
    const contenders = {
      byKey: () => playRound(filled, backlog, byKey),
      failing: () => playRound(filled, backlog, failing),
      total: () => playRound(filled, backlog, total),
      writes: () => writeOneByOne(join(directory, 'writes'), backlog),
    }
    const results = { byKey: [] as number[], failing: [] as number[], total: [] as number[], writes: [] as number[] }
    for (let round = -1; round < rounds; round += 1) {
      for (const name of Object.keys(contenders) as (keyof typeof contenders)[]) {
        const result = await contenders[name]()
        if (round >= 0) results[name].push(result)
      }
    }
    const speed = median(results.byKey)
    const share = ratioOf(results.failing, results.byKey)
    const beside = (rates: readonly number[]): string[] => [
      perSecond(median(rates)),
      interval(ratioOf(rates, results.byKey), 2),
    ]
    return {
      title: 'Inbound: drain of a backlog to an in-process handler',
      method: [
        `${backlog.toLocaleString('en-US')} events of 1 KiB, written before; the handler does nothing; acks are durable against the death of the process`,
        'Timed from start until all that can be delivered is, opening included',
        'In total order an event starts when the ack of the one before is written: beside it, a write of as many bytes awaited after another, and nothing else',
        `${rounds} interleaved rounds after one for warm-up; ratios round by round, with the interval of 95 %`,
      ],
      columns: ['destination', 'events/s median', '× all keys'],
      rows: [
        ['1,000 keys, concurrency 64', perSecond(speed), '1.00'],
        ['the same, while one of the keys fails for ever', ...beside(results.failing)],
        ['total order, concurrency 1', ...beside(results.total)],
        ['writes of 64 bytes, one after another', ...beside(results.writes)],
      ],
      conclusions: [
        besideBar(
          '1,000 keys',
          `${perSecond(speed)} events/s`,
          `≥ ${perSecond(MIN_PER_SECOND)}`,
          speed >= MIN_PER_SECOND,
        ),
        besideBar(
          'While one key fails for ever',
          `${interval(share, 2)} × all keys`,
          `≥ ${MIN_SHARE_WITH_FAILING_KEY}`,
          share.median >= MIN_SHARE_WITH_FAILING_KEY,
        ),
        `Total order: ${interval(ratioOf(results.total, results.writes), 2)} × what the writes of its acks allow`,
      ],
    }
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
}

/** Drains a copy of a directory. */
async function playRound(filled: string, backlog: number, destination: DestinationOptions): Promise<number> {
  const directory = `${filled}-copy`
  cpSync(filled, directory, { recursive: true })
  try {
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

/** What total order comes to with nothing but the writes of its acks. */
async function writeOneByOne(path: string, count: number): Promise<number> {
  const file = await open(path, 'w')
  try {
    const ack = Buffer.alloc(ACK_BYTES)
    const startedAt = performance.now()
    for (let written = 0; written < count; written += 1) await writeAt(file.fd, ack, written * ACK_BYTES)
    return (count * 1000) / (performance.now() - startedAt)
  } finally {
    await file.close()
  }
}

// The callback function, as the buffer does: its promise version takes longer.
function writeAt(descriptor: number, bytes: Buffer, position: number): Promise<void> {
  return new Promise((resolve, reject) => {
    write(descriptor, bytes, 0, bytes.length, position, (error) => (error ? reject(error) : resolve()))
  })
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
