import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { NewEvent } from '@holdfast/webhook-receiver'
import { diskBuffer } from '@holdfast/webhook-receiver/disk'
import { median, quantile } from './statistics.ts'
import { milliseconds, perSecond, type Section } from './report.ts'
import { eventMaker } from './stored-events.ts'

const CONCURRENCIES = [1, 64, 256] as const
const KEYS = 1000
/** Events made ahead of each round, so that making them is not measured. A round ends early when it has used them up. */
const EVENTS_PER_MS = 150

interface AppendRound {
  readonly perSecond: number
  readonly latenciesMs: readonly number[]
}

/** How fast is the group commit by itself? */
export async function groupCommit(quick: boolean): Promise<Section> {
  const directory = mkdtempSync(join(tmpdir(), 'holdfast-bench-append-'))
  const rounds = quick ? 1 : 5
  const durationMs = quick ? 100 : 500
  const buffer = diskBuffer({ directory: join(directory, 'buffer') })
  const file = await open(join(directory, 'bare'), 'a')
  const results = new Map<string, AppendRound[]>()
  try {
    await buffer.open()
    for (let round = -1; round < rounds; round += 1) {
      const bare = await playRound(1, durationMs, async ({ body }) => {
        await file.write(body)
        await file.datasync()
      })
      if (round >= 0) resultsOf(results, 'write + fdatasync|1').push(bare)
      for (const concurrency of CONCURRENCIES) {
        const result = await playRound(concurrency, durationMs, async (event) => await buffer.append([event]))
        if (round >= 0) resultsOf(results, `diskBuffer.append|${concurrency}`).push(result)
      }
    }
  } finally {
    await file.close()
    await buffer.close()
    rmSync(directory, { recursive: true, force: true })
  }
  return {
    title: 'Inbound: group commit, append only',
    method: [
      'diskBuffer alone in this process: no HTTP, no verification, no consumer; 1 KiB bodies, one event per append, closed loop',
      'write + fdatasync: one file, the body alone, one after the other: what the disk gives to who does not batch',
      `${rounds} interleaved rounds of ${durationMs} ms after one for warm-up`,
    ],
    columns: ['what', 'concurrency', 'events/s median', 'p50 ms', 'p99 ms'],
    rows: [...results].map(([name, played]) => {
      const latencies = played.flatMap((round) => round.latenciesMs).sort((a, b) => a - b)
      return [
        ...name.split('|'),
        perSecond(median(played.map((round) => round.perSecond))),
        milliseconds(quantile(latencies, 0.5)),
        milliseconds(quantile(latencies, 0.99)),
      ]
    }),
  }
}

function resultsOf(results: Map<string, AppendRound[]>, name: string): AppendRound[] {
  const list = results.get(name) ?? []
  results.set(name, list)
  return list
}

async function playRound(
  concurrency: number,
  durationMs: number,
  append: (event: NewEvent) => Promise<unknown>,
): Promise<AppendRound> {
  const nextEvent = eventMaker(randomBytes(4).toString('hex'), KEYS)
  const share = concurrency === 1 ? 0.1 : 1
  const events = Array.from({ length: EVENTS_PER_MS * durationMs * share }, nextEvent)
  const latenciesMs: number[] = []
  const startedAt = performance.now()
  const until = startedAt + durationMs
  const work = async (): Promise<void> => {
    for (let event = events.pop(); event !== undefined; event = events.pop()) {
      const sentAt = performance.now()
      if (sentAt >= until) return
      await append(event)
      latenciesMs.push(performance.now() - sentAt)
    }
  }
  await Promise.all(Array.from({ length: concurrency }, work))
  return { perSecond: (latenciesMs.length * 1000) / (performance.now() - startedAt), latenciesMs }
}
