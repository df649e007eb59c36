// Looks for a difference in the time that verification takes, between signatures and tokens that are wrong in the first byte and
// those that are wrong in the last. A comparison that stops at the first difference is measured beside them, to show that the
// measurement would see one.
//
//   npx -y pnpm@12 timing [--samples 200000]
import { createHmac } from 'node:crypto'
import process from 'node:process'
import { parseArgs } from 'node:util'
import type { Connector } from '@holdfast/core'
import { createVerifier, type VerifiableRequest } from '@holdfast/webhook-receiver'
import github from '@holdfast/adapters/connectors/github'
import gitlab from '@holdfast/adapters/connectors/gitlab'
import { seededRandom } from '../crash/seeded-random.ts'

// Beyond it a difference is not by chance; the usual bound of leakage tests (TVLA).
const SUSPICIOUS_T = 4.5

const { values } = parseArgs({ options: { samples: { type: 'string', default: '200000' } } })
const samples = Number(values.samples)

interface Subject {
  readonly name: string
  /** Called with 0 for what is wrong at the start, 1 for what is wrong at the end. */
  readonly run: (kind: 0 | 1) => unknown
}

const body = Buffer.from(JSON.stringify({ action: 'opened', number: 1 }))
const secret = 'a secret of some length, as people have them'
const signature = createHmac('sha256', secret).update(body).digest('hex')
const wrong = (text: string): readonly [string, string] => {
  const other = (character: string | undefined): string => (character === '0' ? '1' : '0')
  return [other(text[0]) + text.slice(1), text.slice(0, -1) + other(text.at(-1))]
}

function verifying(name: string, connector: Connector, header: string, texts: readonly [string, string]): Subject {
  const verifier = createVerifier({ connector, secrets: [secret] })
  const requests = texts.map((text): VerifiableRequest => ({ headers: [[header, text]], body, receivedAt: 0 }))
  return { name, run: (kind) => verifier.verify(requests[kind] as VerifiableRequest) }
}

function stopsAtDifference(left: string, right: string): boolean {
  for (let index = 0; index < left.length; index++) if (left[index] !== right[index]) return false
  return left.length === right.length
}

const [wrongFirst, wrongLast] = wrong(signature)
const naive = [wrongFirst, wrongLast] as const
const subjects: readonly Subject[] = [
  verifying('HMAC signature (GitHub)', github, 'x-hub-signature-256', [`sha256=${wrongFirst}`, `sha256=${wrongLast}`]),
  verifying('token (GitLab)', gitlab, 'x-gitlab-token', [wrong(secret)[0], wrong(secret)[1]]),
  { name: 'a comparison that stops early', run: (kind) => stopsAtDifference(naive[kind], signature) },
]

console.log(`${samples.toLocaleString('en-US')} samples of each; |t| above ${SUSPICIOUS_T} is no chance\n`)
let leaks = 0
for (const subject of subjects) {
  const t = Math.abs(difference(subject))
  const isControl = subject === subjects.at(-1)
  const verdict = t > SUSPICIOUS_T ? 'differs' : 'no difference'
  console.log(
    `${subject.name.padEnd(32)}|t| = ${t.toFixed(1).padStart(7)}  ${verdict}${isControl ? ' (as it should)' : ''}`,
  )
  if (t > SUSPICIOUS_T !== isControl) leaks++
}
process.exitCode = leaks === 0 ? 0 : 1

/** Welch's t of the times of both kinds, in random order, without the slowest tenth, which belongs to the machine. */
function difference({ run }: Subject): number {
  const random = seededRandom('timing')
  const times: [number[], number[]] = [[], []]
  for (let sample = -samples / 10; sample < samples; sample++) {
    const kind = random.chance(0.5) ? 1 : 0
    const start = process.hrtime.bigint()
    run(kind)
    const elapsed = Number(process.hrtime.bigint() - start)
    if (sample >= 0) times[kind].push(elapsed)
  }
  const limit = [...times[0], ...times[1]].toSorted((left, right) => left - right)[Math.floor(samples * 0.9)] ?? 0
  const [first, last] = times.map((all) => moments(all.filter((time) => time <= limit)))
  if (first === undefined || last === undefined) return Number.NaN
  return (first.mean - last.mean) / Math.sqrt(first.variance / first.count + last.variance / last.count)
}

function moments(values: readonly number[]): {
  readonly mean: number
  readonly variance: number
  readonly count: number
} {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (values.length - 1)
  return { mean, variance, count: values.length }
}
