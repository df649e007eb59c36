import { contenderNotes, makeContenders } from './contenders.ts'
import { interleave, median, medianDifference, medianRatio, quantile, type Sample } from './measure.ts'
import { microseconds, ratio, type Section } from './report.ts'
import { startServer } from './server-process.ts'

/** What do the policies cost on a real connection? */
export async function outboundOverLoopback(quick: boolean): Promise<Section> {
  // Many short rounds: the median of their ratios forgives whatever else the machine does.
  const rounds = quick ? 5 : 60
  const rows: string[][] = []
  const server = await startServer('./upstream-server.ts')
  try {
    const contenders = makeContenders(fetch, `http://127.0.0.1:${server.port}/repos/octocat/hello-world`)
    for (const concurrency of [1, 32]) {
      const callsPerRound = concurrency === 1 ? 150 : 320
      const samples = await interleave(contenders, { rounds, warmUpRounds: quick ? 2 : 10, callsPerRound, concurrency })
      rows.push(...samples.map((sample) => loopbackRow(sample, baselineOf(samples), concurrency)))
    }
  } finally {
    await server.stop()
  }
  return {
    title: 'Outbound: a GET over loopback',
    method: [
      'Server in its own process, keep-alive, 270 bytes of JSON, body read as text',
      ...contenderNotes,
      `${rounds} interleaved rounds after warm-up; ratios: median of the ratios round by round; CPU: of this process, all threads`,
    ],
    columns: [
      'contender',
      'concurrency',
      'µs/call median',
      'p50 µs',
      'p90 µs',
      'CPU µs/call',
      '× fetch',
      '× fetch CPU',
    ],
    rows,
  }
}

function loopbackRow(sample: Sample, baseline: Sample, concurrency: number): string[] {
  return [
    sample.name,
    String(concurrency),
    microseconds(median(sample.roundsUs)),
    microseconds(quantile(sample.callsUs, 0.5)),
    microseconds(quantile(sample.callsUs, 0.9)),
    microseconds(median(sample.cpuUs)),
    ratio(medianRatio(sample.roundsUs, baseline.roundsUs)),
    ratio(medianRatio(sample.cpuUs, baseline.cpuUs)),
  ]
}

/** What do they cost by themselves, without a network in the way? */
export async function outboundOverStub(quick: boolean): Promise<Section> {
  const stub: typeof fetch = async () => new Response('{}', { status: 200 })
  const contenders = makeContenders(stub, 'https://api.github.com/repos/octocat/hello-world')
  const rounds = quick ? 10 : 60
  const samples = await interleave(contenders, { rounds, warmUpRounds: 5, callsPerRound: 1_000, concurrency: 1 })
  const baseline = baselineOf(samples)
  return {
    title: 'Outbound: own overhead over a stub fetch',
    method: [
      'The stub answers at once with a new Response of two bytes, which is read as text',
      `${rounds} interleaved rounds after warm-up; overhead: median of the differences round by round`,
    ],
    columns: ['contender', 'µs/call median', 'p50 µs', 'p90 µs', 'overhead µs'],
    rows: samples.map((sample) => [
      sample.name,
      microseconds(median(sample.roundsUs)),
      microseconds(quantile(sample.callsUs, 0.5)),
      microseconds(quantile(sample.callsUs, 0.9)),
      microseconds(medianDifference(sample.roundsUs, baseline.roundsUs)),
    ]),
  }
}

function baselineOf(samples: readonly Sample[]): Sample {
  const [baseline] = samples
  if (baseline === undefined) throw new Error('nothing was measured')
  return baseline
}
