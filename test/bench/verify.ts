import {
  bare,
  ours,
  oursOnWeb,
  type VerifyContender,
  type VerifyOne,
  type VerifyScheme,
  verifySchemes,
  withSecrets,
} from './contenders/verify-contenders.ts'
import { type Contender, interleave, type Sample } from './measure.ts'
import { besideBar, interval, perSecond, type Section } from './report.ts'
import { type SignedDelivery, signedDeliveries, VERIFY_BODY_BYTES } from './signed-deliveries.ts'
import { median, ratioOf } from './statistics.ts'

/** What we want to be at least, as a ratio of speeds, beside the library of each scheme. */
const BARS: Readonly<Record<string, number>> = {
  'stripe, text': 1,
  'stripe, bytes': 1,
  '@octokit/webhooks-methods': 0.9,
  standardwebhooks: 3,
  svix: 3,
}

const SECRET_COUNTS = [1, 2, 5, 10] as const
const MICROSECONDS_PER_SECOND = 1_000_000

/** How fast is a verification, scheme by scheme, beside who made the scheme? */
export async function verifySpeed(quick: boolean): Promise<Section> {
  const rows: string[][] = []
  const conclusions: string[] = []
  const schemes = verifySchemes()
  for (const scheme of schemes) {
    const samples = await measure(scheme.contenders, scheme.deliveries, quick)
    const [baseline, own] = [sampleOf(samples, bare), sampleOf(samples, ours)]
    rows.push(...samples.map((sample) => rowOf(`${scheme.name}: ${sample.name}`, sample, baseline, scheme.deliveries)))
    for (const rival of samples) {
      const bar = BARS[rival.name]
      if (bar === undefined) continue
      // Times of the rival to ours are speeds of ours to the rival.
      const speed = ratioOf(rival.cpuUs, own.cpuUs)
      const isMet = speed.median >= bar
      conclusions.push(besideBar(`${scheme.name}, speed`, `${interval(speed, 2)} × ${rival.name}`, `≥ ${bar}`, isMet))
    }
  }
  return {
    title: 'Inbound: verification',
    method: [
      `Bodies of ${VERIFY_BODY_BYTES} bytes, ten headers, one process, one after the other; everybody gets the same deliveries in the form that they take`,
      ...notesOf(schemes),
      `${oursOnWeb}: each verification is awaited; the others are synchronous but for octokit, which is awaited as well`,
      'Many short interleaved rounds after warm-up; CPU: of this process, all threads; × createHmac: median of the ratios of that round by round, with its 95 % interval',
    ],
    columns: ['contender', 'µs', 'CPU µs', 'verifications per CPU second', '× createHmac'],
    rows,
    conclusions,
  }
}

/** What does it cost that several secrets are accepted? */
export async function verifySecrets(quick: boolean): Promise<Section> {
  const deliveries = signedDeliveries('github')
  const contenders = SECRET_COUNTS.flatMap((count): VerifyContender[] => [
    { name: `first of ${count}`, note: '', verify: withSecrets(count, 0) },
    { name: `last of ${count}`, note: '', verify: withSecrets(count, count - 1) },
  ])
  const samples = await measure(contenders, deliveries, quick)
  const single = sampleOf(samples, 'first of 1')
  const last = ratioOf(sampleOf(samples, 'last of 10').cpuUs, single.cpuUs)
  const first = ratioOf(sampleOf(samples, 'first of 10').cpuUs, single.cpuUs)
  return {
    title: 'Inbound: verification with several secrets',
    method: [
      'The GitHub scheme, as above; the signature is made with the first or the last of the secrets',
      'The last of n costs n hashes, and nothing else may grow',
    ],
    columns: ['fitting secret', 'µs', 'CPU µs', 'verifications per CPU second', '× one secret'],
    rows: samples.map((sample) => rowOf(sample.name, sample, single, deliveries)),
    conclusions: [
      besideBar('First of 10', `${interval(first, 2)} × one secret`, '≤ 1.1', first.median <= 1.1),
      besideBar('Last of 10', `${interval(last, 2)} × one secret`, '≤ 10', last.median <= 10),
    ],
  }
}

async function measure(
  contenders: readonly VerifyContender[],
  deliveries: readonly SignedDelivery[],
  quick: boolean,
): Promise<readonly Sample[]> {
  const batches = contenders.map(
    ({ name, note, verify }): Contender => ({ name, note, call: batchOf(verify, deliveries) }),
  )
  return await interleave(batches, {
    rounds: quick ? 4 : 200,
    warmUpRounds: quick ? 1 : 40,
    callsPerRound: quick ? 1 : 4,
    concurrency: 1,
  })
}

/** Verifies all deliveries, and sees to it that each was really accepted. */
function batchOf(verify: VerifyOne, deliveries: readonly SignedDelivery[]): () => Promise<void> {
  return async () => {
    let accepted = 0
    for (const delivery of deliveries) {
      const result = verify(delivery)
      if (typeof result === 'boolean' ? result : await result) accepted += 1
    }
    if (accepted !== deliveries.length) throw new Error(`only ${accepted} of ${deliveries.length} were accepted`)
  }
}

function rowOf(name: string, sample: Sample, to: Sample, deliveries: readonly SignedDelivery[]): string[] {
  const us = (values: readonly number[]): number => median(values) / deliveries.length
  return [
    name,
    us(sample.roundsUs).toFixed(2),
    us(sample.cpuUs).toFixed(2),
    perSecond(MICROSECONDS_PER_SECOND / us(sample.cpuUs)),
    interval(ratioOf(sample.cpuUs, to.cpuUs), 2),
  ]
}

function notesOf(schemes: readonly VerifyScheme[]): readonly string[] {
  const notes = new Map(schemes.flatMap(({ contenders }) => contenders.map(({ name, note }) => [name, note] as const)))
  return [...notes].map(([name, note]) => `${name}: ${note}`)
}

function sampleOf(samples: readonly Sample[], name: string): Sample {
  const sample = samples.find((candidate) => candidate.name === name)
  if (sample === undefined) throw new Error(`${name} was not measured`)
  return sample
}
