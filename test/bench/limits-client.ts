/** Puts one contender under all scenarios at once. Arguments: its name, the port of the upstream, and `quick` or `full`. */
import { setTimeout as sleep } from 'node:timers/promises'
import { limitContenders } from './contenders/limit-contenders.ts'
import { type Scenario, type ScenarioBucket, scenarios, shortestMs } from './limits-scenarios.ts'

/** What came of one scenario. */
export interface LimitResult {
  readonly requests: number
  readonly refused: number
  /** Requests that were refused though an earlier 429 of their bucket had arrived before they were sent. */
  readonly refusedKnowingly: number
  /** Calls that gave up, or were not done when the time was up. */
  readonly lost: number
  readonly seconds: number
  /** The least time in which what was answered could have been answered. */
  readonly shortestSeconds: number
  /** From call to answer, in seconds, ascending; of those that were answered. */
  readonly waits: readonly number[]
}

interface Sent {
  readonly atMs: number
  arrivedMs: number
  status: number
}

const EARLIER_MS = 1_500

const [name = '', port = '', extent = ''] = process.argv.slice(2)
const isQuick = extent === 'quick'
const capMs = isQuick ? 9_000 : 32_000
const contender = limitContenders.find((candidate) => candidate.name === name)
if (contender === undefined) throw new Error(`there is no contender ${name}`)
const { create, dialect } = contender

process.on('disconnect', () => process.exit(0))
process.on('message', ({ startAt }: { readonly startAt: number }) => {
  void run(startAt).then((results) => process.send?.(results))
})
await warmUp()
process.send?.('ready')

/** Opens sockets and compiles code under a limit that nobody reaches. */
async function warmUp(): Promise<void> {
  const send = create({ baseUrl: `http://127.0.0.1:${port}/${dialect}/warm/1000000`, perSecond: 1_000_000 }, fetch)
  for (let round = 0; round < 3; round += 1) await Promise.all(Array.from({ length: 20 }, send))
}

async function run(startAt: number): Promise<LimitResult[]> {
  return await Promise.all(scenarios(isQuick).map(async (scenario) => await play(scenario, startAt)))
}

async function play(scenario: Scenario, startAt: number): Promise<LimitResult> {
  const startedMs = performance.now() + startAt - Date.now()
  const played = await Promise.all(scenario.buckets.map((bucket) => playBucket(scenario, bucket, startedMs)))
  const sum = (figure: (bucket: BucketResult) => number): number =>
    played.reduce((total, bucket) => total + figure(bucket), 0)
  const most = (figure: (bucket: BucketResult) => number): number => Math.max(...played.map(figure))
  return {
    requests: sum(({ sent }) => sent.length),
    refused: sum(({ sent }) => sent.filter(({ status }) => status === 429).length),
    refusedKnowingly: sum(({ sent }) => countKnowing(sent)),
    lost: sum(({ lost }) => lost),
    seconds: most(({ endedMs }) => endedMs - startedMs) / 1_000,
    shortestSeconds: most(({ shortest }) => shortest) / 1_000,
    waits: played.flatMap(({ waits }) => waits).sort((a, b) => a - b),
  }
}

interface BucketResult {
  readonly sent: readonly Sent[]
  readonly waits: readonly number[]
  readonly lost: number
  readonly endedMs: number
  readonly shortest: number
}

async function playBucket(
  { requestsPerCaller }: Scenario,
  { id, perSecond, callers }: ScenarioBucket,
  startedMs: number,
): Promise<BucketResult> {
  const sent: Sent[] = []
  const waits: number[] = []
  let endedMs = startedMs
  const baseUrl = `http://127.0.0.1:${port}/${dialect}/${encodeURIComponent(name)}-${id}/${perSecond}`
  const send = create({ baseUrl, perSecond }, recording(sent))
  // An earlier call, from which who reads it knows the limit.
  await sleep(startedMs - EARLIER_MS - performance.now())
  await send()
  sent.length = 0
  await sleep(startedMs - performance.now())
  const cap = sleep(capMs, 'cap', { ref: false })
  const work = async (): Promise<void> => {
    for (let left = requestsPerCaller; left > 0; left -= 1) {
      const calledMs = performance.now()
      const end = await Promise.race([
        send().then(
          () => 'answered',
          () => 'lost',
        ),
        cap,
      ])
      if (end === 'cap') return
      endedMs = performance.now()
      if (end === 'answered') waits.push((endedMs - calledMs) / 1_000)
    }
  }
  await Promise.all(Array.from({ length: callers }, work))
  const lost = callers * requestsPerCaller - waits.length
  if (performance.now() - startedMs >= capMs) endedMs = performance.now()
  return { sent, waits, lost, endedMs, shortest: shortestMs(waits.length, perSecond) }
}

function recording(sent: Sent[]): typeof fetch {
  return async (input, init) => {
    const entry: Sent = { atMs: performance.now(), arrivedMs: Infinity, status: 0 }
    sent.push(entry)
    const response = await fetch(input, init)
    entry.arrivedMs = performance.now()
    entry.status = response.status
    return response
  }
}

function countKnowing(sent: readonly Sent[]): number {
  const refused = sent.filter(({ status }) => status === 429)
  const firstMs = Math.min(...refused.map(({ arrivedMs }) => arrivedMs))
  return refused.filter(({ atMs }) => atMs >= firstMs).length
}
