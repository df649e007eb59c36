import * as fc from 'fast-check'
import { expect, it } from 'vitest'
import {
  type CoreEventMap,
  coreEvents,
  type FetchOptions,
  integrationErrorOf,
  isIntegrationError,
  memoryStateStore,
  type StateStore,
} from '../../../src/index.ts'
import { recordEvents } from '../../../src/testing/index.ts'
import { type Fault, faultyStore } from '../faulty-store.ts'
import { calls, declared, declaredLimit, script, settings, type TokenSource } from './random-world.ts'
import { type Behaviour, type Sent, type Settled, World } from './world.ts'

type Settings = FetchOptions & {
  readonly deadlineMs: number
  readonly token: TokenSource
  readonly faults: readonly Fault[]
  readonly processes: 1 | 2
  readonly isDeclared: boolean
}

/** All but those of what the application does by hand, or wrong. */
const eventNames = (Object.keys(coreEvents) as (keyof CoreEventMap)[]).filter(
  (name) => name !== 'listener:error' && name !== 'circuit:isolated',
)

const tokenFailure = new Error('no token')

/** A world, and how everything in it becomes well. */
function worldOf(
  { token, faults, processes, isDeclared, ...options }: Settings,
  answers: readonly Behaviour[],
  seed: number,
): { readonly world: World; readonly heal: () => void } {
  let asked = 0
  const faultsLeft = [...faults]
  const sources: Readonly<Record<TokenSource, FetchOptions['auth']>> = {
    none: undefined,
    fixed: 'token',
    quick: () => `t${++asked}`,
    slow: () => world.clock.sleep(700).then(() => `t${++asked}`),
    failing: () => (++asked % 3 === 0 ? Promise.reject(tokenFailure) : Promise.resolve(`t${asked}`)),
  }
  const auth = sources[token]
  const state = faults.length === 0 ? undefined : storeOf(faultsLeft, () => world)
  const world: World = new World(
    {
      ...options,
      ...(isDeclared ? { connector: declared } : {}),
      ...(auth === undefined ? {} : { auth }),
      ...(state === undefined ? {} : { state }),
    },
    answers,
    seed,
    state === undefined ? 1 : processes,
  )
  const heal = (): void => {
    world.isWell = true
    faultsLeft.fill('none')
  }
  return { world, heal }
}

function storeOf(faults: readonly Fault[], worldOfStore: () => World): StateStore {
  let memory: StateStore | undefined
  const open = (): StateStore => (memory ??= memoryStateStore({ clock: worldOfStore().clock }))
  return faultyStore(open, () => worldOfStore().clock, faults)
}

/** Whether nobody knows if the host has executed the request. */
function isUnknown({ behaviour }: Sent): boolean {
  if (behaviour.kind === 'answer') return behaviour.status >= 500 && behaviour.status !== 503
  return behaviour.kind !== 'refused'
}

/** Where the result of a call may come from. */
function isOwnResult(call: Settled, sent: readonly Sent[], { refusals, token }: Settings): boolean {
  const { value, isRejected, signal, reason } = call
  if (isRejected && signal.aborted && value === reason) return true
  if (sent.some(({ result }) => result === value)) return true
  if (isRejected && token === 'failing' && value === tokenFailure) return true
  if (isRejected && value instanceof DOMException && value.name === 'TimeoutError') return true
  if (isRejected) return refusals === 'throw' && isIntegrationError(value)
  const isProblem = (value as Response).headers.get('content-type') === 'application/problem+json'
  return refusals === 'response' && isProblem && isIntegrationError(integrationErrorOf(value))
}

function checkCall(call: Settled, sent: readonly Sent[], options: Settings): void {
  const { planned, atMs } = call
  expect(atMs).toBeLessThanOrEqual(planned.atMs + options.deadlineMs)
  const { abortAfterMs = Infinity } = planned
  expect(atMs).toBeLessThanOrEqual(planned.atMs + abortAfterMs)
  expect(sent.every((one) => one.atMs <= atMs)).toBe(true)

  const isWrite = planned.method === 'POST' || planned.method === 'PATCH'
  const maxAttempts = options.retry === false ? 1 : (options.retry?.maxAttempts ?? 3)
  const isRefreshed = options.token !== 'none' && options.token !== 'fixed'
  const maxHedges = options.hedge && !isWrite ? (options.hedge.maxHedges ?? 1) : 0
  expect(sent.length).toBeLessThanOrEqual(maxAttempts + maxHedges + (isRefreshed ? 1 : 0))
  if (planned.body === 'stream') expect(sent.length).toBeLessThanOrEqual(1)
  if (isWrite) {
    expect(new Set(sent.map(({ key }) => key)).size).toBeLessThanOrEqual(1)
    const unknown = sent.findIndex((one) => isUnknown(one))
    const isVetoed = (one: Sent): boolean =>
      one.behaviour.kind === 'answer' && 'x-should-retry' in one.behaviour.headers
    if (options.idempotency === false && unknown >= 0 && !sent.some(isVetoed)) expect(unknown).toBe(sent.length - 1)
  }
  expect(isOwnResult(call, sent, options)).toBe(true)
}

/** Whether what is declared was kept by all who could know of each other. */
function checkLimit(sent: readonly Sent[], { isDeclared, rateLimit, faults }: Settings): void {
  if (!isDeclared || rateLimit === false || rateLimit?.onLimit === 'surface') return
  const { limit, windowMs } = declaredLimit
  const isTogether = faults.every((fault) => fault === 'none')
  for (const process of isTogether ? [undefined] : [0, 1]) {
    const times = sent.filter((one) => process === undefined || one.process === process).map(({ atMs }) => atMs)
    for (const [index, atMs] of times.entries())
      expect(atMs - (times[index - limit] ?? -Infinity)).toBeGreaterThanOrEqual(windowMs)
  }
}

it('with everything on, in any combination, every call ends in time, as it may, and leaves nothing behind', async () => {
  const heard = new Set<string>()
  await fc.assert(
    fc.asyncProperty(settings, script, calls, fc.nat(), async (options, answers, planned, seed) => {
      const { world, heal } = worldOf(options, answers, seed)
      const recorded = world.fetches.map((fetch) => recordEvents<CoreEventMap>(fetch, eventNames))
      await world.play(planned)

      expect(world.settled).toHaveLength(planned.length)
      for (const { names } of recorded) for (const name of names) heard.add(name)
      expect(recorded.flatMap((of) => of.of('call:started'))).toHaveLength(planned.length)
      expect(recorded.flatMap((of) => of.of('call:finished'))).toHaveLength(planned.length)
      for (const call of world.settled) {
        const number = planned.indexOf(call.planned)
        checkCall(
          call,
          world.sent.filter((sent) => sent.call === number),
          options,
        )
      }
      checkLimit(world.sent, options)
      if (options.bulkhead !== false) expect(world.mostInFlight).toBeLessThanOrEqual(options.bulkhead.maxConcurrent)

      expect(world.clock.pendingTimers).toBe(0)
      expect(world.listeners).toBe(0)
      for (const snapshot of world.fetches.map((fetch) => fetch.snapshot())) {
        if (options.bulkhead !== false)
          for (const host of snapshot.hosts) expect(host).toMatchObject({ active: 0, queued: 0 })
        expect(JSON.parse(JSON.stringify(snapshot))).toEqual(snapshot)
      }

      // Nothing is stuck: once the host is well, and no pause can last any more, everything passes.
      heal()
      await world.clock.advance(2 * 3_600_000)
      const last = { atMs: 0, url: 'https://a.example.com/', method: 'GET', body: 'none', isElsewhere: true } as const
      if (options.token === 'failing' || (options.token === 'slow' && options.deadlineMs <= 700)) return
      await world.play([last])
      const final = world.settled.at(-1)
      expect(final?.value).toMatchObject({ status: 200 })
    }),
    // The same worlds in each run; a HOLDFAST_SEED plays others.
    { numRuns: 400, seed: Number(process.env['HOLDFAST_SEED'] ?? 2) },
  )
  // Worlds in which nothing happens prove nothing.
  expect([...heard].toSorted()).toEqual(eventNames.toSorted())
}, 120_000)
