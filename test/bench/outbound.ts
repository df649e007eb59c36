import { baseline, fetchContenders, withTimeout } from './contenders/fetch-contenders.ts'
import { httpContenders } from './contenders/http-contenders.ts'
import { type Contender, interleave, type InterleaveOptions, type Sample } from './measure.ts'
import { besideBar, interval, microseconds, type Section } from './report.ts'
import { startServer } from './server-process.ts'
import { differenceOf, median, quantile, ratioOf } from './statistics.ts'
import type { Answer } from './upstream-answers.ts'

const OURS = 'createFetch'
const RATIO_BAR = 1.05
const OVERHEAD_BAR_US = 10
// Before the compiler is done with what a contender runs, its figures still fall.
const WARM_UP_CALLS = 10_000

const ANSWERS: Readonly<Record<Answer, string>> = {
  plain: 'no header but the type',
  github: "GitHub's headers, the state of its rate limit among them",
}

/** What do the policies cost on a real connection? */
export async function outboundOverLoopback(quick: boolean, answer: Answer): Promise<Section> {
  const rows: string[][] = []
  const conclusions: string[] = []
  const server = await startServer('./upstream-server.ts', answer)
  let contenders: Contender[]
  try {
    const url = `http://127.0.0.1:${server.port}/repos/octocat/hello-world`
    contenders = [...fetchContenders(fetch, url), ...httpContenders(url)]
    for (const concurrency of [1, 32] as const) {
      const samples = await interleave(contenders, { ...turnsOf(concurrency, quick), concurrency })
      rows.push(...samples.map((sample) => loopbackRow(sample, baselineOf(samples), concurrency)))
      conclusions.push(...loopbackConclusions(samples, concurrency))
    }
  } finally {
    await server.stop()
  }
  return {
    title: `Outbound: a GET over loopback, answered with ${ANSWERS[answer]}`,
    method: [
      'Server in its own process, keep-alive, 270 bytes of JSON, body read as text',
      ...notesOf(contenders),
      `Many short interleaved rounds after ${quick ? 'a short warm-up' : `${WARM_UP_CALLS.toLocaleString('en-US')} calls of each to warm up`}; ratios: median of the ratios round by round, with its 95 % interval; CPU: of this process, all threads`,
    ],
    columns: ['contender', 'concurrency', 'µs/call', 'p50 µs', 'p90 µs', 'CPU µs/call', '× fetch', '× fetch CPU'],
    rows,
    conclusions,
  }
}

/** Many short rounds: on a machine that others use, few of them are disturbed then, and the median leaves those out. */
function turnsOf(concurrency: 1 | 32, quick: boolean): Omit<InterleaveOptions, 'concurrency'> {
  if (quick) return { rounds: 4, warmUpRounds: 1, callsPerRound: 64 }
  return concurrency === 1
    ? { rounds: 150, warmUpRounds: Math.ceil(WARM_UP_CALLS / 96), callsPerRound: 96 }
    : { rounds: 90, warmUpRounds: 8, callsPerRound: 160 }
}

function loopbackRow(sample: Sample, to: Sample, concurrency: number): string[] {
  return [
    sample.name,
    String(concurrency),
    microseconds(median(sample.roundsUs)),
    microseconds(quantile(sample.callsUs, 0.5)),
    microseconds(quantile(sample.callsUs, 0.9)),
    microseconds(median(sample.cpuUs)),
    interval(ratioOf(sample.roundsUs, to.roundsUs), 2),
    interval(ratioOf(sample.cpuUs, to.cpuUs), 2),
  ]
}

function loopbackConclusions(samples: readonly Sample[], concurrency: number): string[] {
  const to = baselineOf(samples)
  const ours = sampleOf(samples, OURS)
  const ratio = ratioOf(ours.roundsUs, to.roundsUs)
  const ownUs = differenceOf(ours.cpuUs, to.cpuUs)
  const signalUs = differenceOf(sampleOf(samples, withTimeout).cpuUs, to.cpuUs)
  const at = `${OURS} at concurrency ${concurrency}`
  const own = `${interval(ownUs, 1)} µs, where ${withTimeout} has ${interval(signalUs, 1)}`
  return [
    besideBar(at, `${interval(ratio, 3)} × fetch`, `≤ ${RATIO_BAR}`, ratio.median <= RATIO_BAR),
    besideBar(`${at}, own CPU per call`, own, `≤ ${OVERHEAD_BAR_US} µs`, ownUs.median <= OVERHEAD_BAR_US),
  ]
}

/** What do they cost by themselves, without a network in the way? */
export async function outboundOverStub(quick: boolean): Promise<Section> {
  const stub: typeof fetch = async () => new Response('{}', { status: 200 })
  const contenders = fetchContenders(stub, 'https://github.example.com/repos/octocat/hello-world')
  const rounds = quick ? 4 : 150
  const samples = await interleave(contenders, {
    rounds,
    warmUpRounds: quick ? 1 : 20,
    callsPerRound: quick ? 200 : 400,
    concurrency: 1,
  })
  const to = baselineOf(samples)
  const ours = differenceOf(sampleOf(samples, OURS).cpuUs, to.cpuUs)
  return {
    title: 'Outbound: own overhead over a stub fetch',
    method: [
      'The stub answers at once with a new Response of two bytes, which is read as text; who cannot send with it is not here',
      `${rounds} interleaved rounds after warm-up; overhead: median of the differences round by round, with its 95 % interval; CPU: of this process, all threads`,
    ],
    columns: ['contender', 'µs/call', 'p50 µs', 'p90 µs', 'overhead µs', 'CPU overhead µs'],
    rows: samples.map((sample) => [
      sample.name,
      microseconds(median(sample.roundsUs)),
      microseconds(quantile(sample.callsUs, 0.5)),
      microseconds(quantile(sample.callsUs, 0.9)),
      interval(differenceOf(sample.roundsUs, to.roundsUs), 1),
      interval(differenceOf(sample.cpuUs, to.cpuUs), 1),
    ]),
    conclusions: [
      besideBar(
        `${OURS}, own CPU per call`,
        `${interval(ours, 1)} µs`,
        `≤ ${OVERHEAD_BAR_US} µs`,
        ours.median <= OVERHEAD_BAR_US,
      ),
    ],
  }
}

function notesOf(contenders: readonly Contender[]): string[] {
  return contenders.map(({ name, note }) => `${name}: ${note}`)
}

function baselineOf(samples: readonly Sample[]): Sample {
  return sampleOf(samples, baseline)
}

function sampleOf(samples: readonly Sample[], name: string): Sample {
  const sample = samples.find((candidate) => candidate.name === name)
  if (sample === undefined) throw new Error(`${name} was not measured`)
  return sample
}
