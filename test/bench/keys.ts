import { createFetch } from '@holdfast/core'
import Bottleneck from 'bottleneck'
import {
  ConsecutiveBreaker,
  circuitBreaker,
  ExponentialBackoff,
  handleAll,
  type IPolicy,
  retry,
  TimeoutStrategy,
  timeout,
  wrap,
} from 'cockatiel'
import { type Contender, interleave, type Sample } from './measure.ts'
import { besideBar, interval, microseconds, type Section } from './report.ts'
import { median, ratioOf } from './statistics.ts'

const KEYS = [1, 10, 100, 1_000, 10_000] as const
// bottleneck starts jobs from timers: one after the other its calls would take a millisecond each.
const CONCURRENCY = 100
const CALLS_BEFORE = 20
const FLAT_BAR = 1.5
const OURS = 'createFetch'
const LOOKUP = 'a Map and a count per key'
const CACHES = 'a Map and an array per key'
// Of eight bytes.
const STATE_WORDS = 256
const WORDS_PER_LINE = 8

type Distribution = 'uniform' | 'Zipf'

interface KeyedContender {
  readonly name: string
  readonly note: string
  /** So much slower that a twentieth of the rounds has to do. */
  readonly isSlow?: boolean
  readonly create: () => (host: string) => Promise<unknown>
}

const stub: typeof fetch = async () => new Response(null, { status: 200 })

const keyed: readonly KeyedContender[] = [
  {
    name: OURS,
    note: 'one function with all policies on; it keeps all of these hosts',
    create: () => {
      const resilient = createFetch({ fetch: stub, bulkhead: {}, idempotency: {} })
      return async (host) => await resilient(host)
    },
  },
  {
    name: LOOKUP,
    note: 'no policy: whatever keeps anything per host has to find it; what grows here is to read the host and to find its entry',
    create: () => {
      const counts = new Map<string, { calls: number }>()
      return async (host) => {
        const count = counts.get(host)
        if (count === undefined) counts.set(host, { calls: 1 })
        else count.calls++
        return await stub(host)
      }
    },
  },
  {
    name: CACHES,
    note: "no policy: a Map, and per host an array of 2 KB that a call reads and writes once per 64 bytes; what grows here is the work of the processor's caches",
    create: () => {
      const states = new Map<string, number[]>()
      return async (host) => {
        let state = states.get(host)
        if (state === undefined) {
          state = Array.from({ length: STATE_WORDS }, () => 0)
          states.set(host, state)
        }
        for (let word = 0; word < STATE_WORDS; word += WORDS_PER_LINE) state[word] = ((state[word] ?? 0) + 1) % 1_000
        return await stub(host)
      }
    },
  },
  {
    name: 'cockatiel in a Map',
    note: 'a policy of retry, breaker and timeout per host, made at its first call and never forgotten',
    create: () => {
      const policies = new Map<string, IPolicy>()
      return async (host) => {
        let policy = policies.get(host)
        if (policy === undefined) {
          policy = wrap(
            retry(handleAll, { maxAttempts: 2, backoff: new ExponentialBackoff() }),
            circuitBreaker(handleAll, { halfOpenAfter: 10_000, breaker: new ConsecutiveBreaker(5) }),
            timeout(10_000, TimeoutStrategy.Cooperative),
          )
          policies.set(host, policy)
        }
        return await policy.execute(async ({ signal }) => await stub(host, { signal }))
      }
    },
  },
  {
    name: 'bottleneck Group',
    note: 'a limiter per host that holds nobody back; forgotten after five idle minutes; called once before',
    isSlow: true,
    create: () => {
      const group = new Bottleneck.Group()
      return async (host) => await group.key(host).schedule(async () => await stub(host))
    },
  },
]

/** Does a call cost more when there are many keys? */
export async function costByKeys(quick: boolean): Promise<Section> {
  const rounds = quick ? 2 : 80
  const samples: Sample[] = []
  for (const contender of keyed) samples.push(...(await measure(contender, rounds, quick)))
  const roundsOf = (name: string, distribution: Distribution, keys: number): readonly number[] =>
    samples.find((sample) => sample.name === `${name} ${distribution} ${keys}`)?.roundsUs ?? []
  const growthOf = (name: string, distribution: Distribution) =>
    ratioOf(roundsOf(name, distribution, KEYS[KEYS.length - 1] ?? 1), roundsOf(name, distribution, KEYS[0]))
  return {
    title: 'Keys: cost of a call by the number of hosts',
    method: [
      'Over a stub that answers at once, 100 calls at a time; microseconds per call, every host called 20 times before, because the first answers of a host are all searched for limits; Zipf: the host of rank k is called 1/k as often as the first',
      ...keyed.map(({ name, note }) => `${name}: ${note}`),
      `${rounds} rounds, those of a contender interleaved; growth: median of the ratios round by round, with its 95 % interval`,
    ],
    columns: ['contender', 'keys', ...KEYS.map((keys) => keys.toLocaleString('en-US')), '10,000 × 1'],
    rows: keyed.flatMap(({ name }) =>
      (['uniform', 'Zipf'] as const).map((distribution) => [
        name,
        distribution,
        ...KEYS.map((keys) => microseconds(median(roundsOf(name, distribution, keys)))),
        interval(growthOf(name, distribution), 2),
      ]),
    ),
    conclusions: (['uniform', 'Zipf'] as const).map((distribution) => {
      const growth = growthOf(OURS, distribution)
      const others = [LOOKUP, CACHES].map((name) => `${name} has ${interval(growthOf(name, distribution), 2)}`)
      const value = `${interval(growth, 2)} × the cost with one, where ${others.join(' and ')}`
      return besideBar(`${OURS}, 10,000 keys, ${distribution}`, value, `flat, ≤ ${FLAT_BAR}`, growth.median <= FLAT_BAR)
    }),
  }
}

async function measure(
  { name, create, isSlow = false }: KeyedContender,
  rounds: number,
  quick: boolean,
): Promise<Sample[]> {
  const cells: Contender[] = []
  for (const distribution of ['uniform', 'Zipf'] as const)
    for (const keys of KEYS) {
      const send = create()
      const hosts = Array.from({ length: keys }, (_, key) => `https://tenant${key}.bench.example/items`)
      // In a quick run, some of them, and once.
      for (let turn = 0; turn < (quick || isSlow ? 1 : CALLS_BEFORE); turn += 1)
        for (let sent = 0; sent < (quick ? Math.min(keys, 500) : keys); sent += CONCURRENCY)
          await Promise.all(hosts.slice(sent, sent + CONCURRENCY).map(send))
      const next = picker(hosts, distribution)
      cells.push({ name: `${name} ${distribution} ${keys}`, note: '', call: async () => await send(next()) })
    }
  return await interleave(cells, {
    rounds: isSlow ? Math.ceil(rounds / 20) : rounds,
    warmUpRounds: isSlow || quick ? 0 : 8,
    callsPerRound: isSlow || quick ? 100 : 200,
    concurrency: CONCURRENCY,
  })
}

/** Gives the hosts in an order that is drawn beforehand. */
function picker(hosts: readonly string[], distribution: Distribution): () => string {
  const drawn = Array.from({ length: 50_000 }, () => {
    const share = Math.random()
    // The inverse of the distribution function of 1/x, which is log-uniform.
    const rank = distribution === 'uniform' ? share * hosts.length : (hosts.length + 1) ** share - 1
    return hosts[Math.floor(rank)] ?? ''
  })
  let index = 0
  return () => drawn[index++ % drawn.length] ?? ''
}
