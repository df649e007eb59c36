import { InvalidOptionsError } from '../../errors/invalid-options-error.ts'
import { arrayOf, checkOptions, number, plainObject } from '../../options/check.ts'
import type { Random } from '../../random/random.ts'
import { pathOf, pathPattern } from '../../rate-limit/path-pattern.ts'
import type { Clock } from '../../time/clock.ts'
import { systemClock } from '../../time/system-clock.ts'
import { LimitGate } from './limit-gate.ts'
import { seededRandom } from '../seeded-random.ts'
import { resolveUpstreamLimit, type UpstreamLimit } from './upstream-limit.ts'
import { checkStep, type ResolvedReply, resolveReply, type UpstreamReply, type UpstreamStep } from './upstream-reply.ts'
import type { ArrivedRequest, UpstreamRequest } from './upstream-request.ts'
import type { UpstreamDisturbance, UpstreamOptions, UpstreamScript } from './upstream-script.ts'

/** What a request gets. */
export interface UpstreamAnswer {
  readonly reply: ResolvedReply
  /** Must be called when the answer has come to its end, whichever that is. */
  readonly finished: () => void
}

/** A request while it is answered. */
type Entry = { -readonly [Key in keyof UpstreamRequest]: UpstreamRequest[Key] }

interface Route {
  readonly text: string
  readonly method: string | undefined
  readonly path: RegExp
}

/** The script of an upstream; how its replies reach the other side is up to who extends it. */
export class UpstreamEngine implements UpstreamScript {
  protected readonly clock: Clock
  readonly #random: Random
  readonly #entries: Entry[] = []
  readonly #scripts: { readonly route: Route; readonly steps: readonly UpstreamStep[]; taken: number }[] = []
  readonly #limits: { readonly route: Route; readonly gate: LimitGate }[] = []
  readonly #disturbances: { readonly route: Route; readonly disturbance: UpstreamDisturbance }[] = []

  constructor({ clock = systemClock, random = seededRandom() }: UpstreamOptions = {}) {
    this.clock = clock
    this.#random = random
  }

  get requests(): readonly UpstreamRequest[] {
    return this.#entries
  }

  on(route: string, steps: UpstreamStep | readonly [UpstreamStep, ...UpstreamStep[]]): this {
    const list = Array.isArray(steps) ? (steps as readonly UpstreamStep[]) : [steps as UpstreamStep]
    if (list.length === 0) throw invalid('steps', 'at least one step', 'none')
    list.forEach((step, index) => this.#checkStep(`steps[${index}]`, step))
    const known = this.#scripts.findIndex((script) => script.route.text === route)
    if (known >= 0) this.#scripts.splice(known, 1)
    this.#scripts.unshift({ route: parseRoute(route), steps: list, taken: 0 })
    return this
  }

  limit(route: string, limit: UpstreamLimit): this {
    this.#limits.push({ route: parseRoute(route), gate: new LimitGate(resolveUpstreamLimit(limit)) })
    return this
  }

  disturb(route: string, disturbance: UpstreamDisturbance): this {
    checkOptions('disturbance', disturbance, { ratio: number({ min: 0, max: 1 }), replies: arrayOf(plainObject) })
    const { ratio, replies } = disturbance as Partial<UpstreamDisturbance>
    if (ratio === undefined) throw invalid('disturbance.ratio', 'a number from 0 to 1', '`undefined`')
    if (replies === undefined || disturbance.replies.length === 0)
      throw invalid('disturbance.replies', 'at least one reply', 'none')
    disturbance.replies.forEach((reply, index) => this.#checkStep(`disturbance.replies[${index}]`, reply))
    this.#disturbances.push({ route: parseRoute(route), disturbance })
    return this
  }

  reset(): void {
    for (const list of [this.#entries, this.#scripts, this.#limits, this.#disturbances]) list.length = 0
  }

  /** Faults that this kind of upstream cannot play, with what to do instead. */
  protected refusalOf(_reply: UpstreamReply): string | undefined {
    return undefined
  }

  /** Decides what a request gets, and records both. */
  protected async answer(arrived: ArrivedRequest): Promise<UpstreamAnswer> {
    const entry = entryOf(arrived, this.clock.now())
    this.#entries.push(entry)
    const gates = this.#limits.filter(({ route }) => matches(route, entry)).map(({ gate }) => gate)
    const visit = LimitGate.enter(gates, entry, this.clock)
    entry.isRefused = visit.refusal !== undefined
    const chosen = visit.refusal ?? this.#disturbed(entry) ?? (await this.#scripted(entry))
    const reply = resolveReply(visit.refusal ?? visit.tell(chosen), this.clock.now())
    entry.status = reply.status
    entry.fault = reply.fault
    return { reply, finished: visit.finished }
  }

  #checkStep(path: string, step: UpstreamStep): void {
    checkStep(path, step)
    if (typeof step === 'function') return
    const refusal = this.refusalOf(step)
    if (refusal !== undefined) throw invalid(`${path}.fault`, refusal, `\`'${step.fault}'\``)
  }

  #disturbed(entry: Entry): UpstreamReply | undefined {
    for (const { route, disturbance } of this.#disturbances) {
      if (!matches(route, entry) || this.#random.next() >= disturbance.ratio) continue
      return disturbance.replies[Math.floor(this.#random.next() * disturbance.replies.length)]
    }
    return undefined
  }

  async #scripted(entry: Entry): Promise<UpstreamReply> {
    const script = this.#scripts.find(({ route }) => matches(route, entry))
    if (script === undefined)
      return { status: 404, body: { error: `No reply was scripted for ${entry.method} ${entry.path}.` } }
    const step = script.steps[Math.min(script.taken++, script.steps.length - 1)] as UpstreamStep
    if (typeof step !== 'function') return step
    try {
      const reply = await step(entry)
      this.#checkStep('reply', reply)
      return reply
    } catch (error) {
      return {
        status: 500,
        body: { error: `The step threw: ${error instanceof Error ? error.message : String(error)}` },
      }
    }
  }
}

function parseRoute(text: string): Route {
  const [, method, path] = /^(?:([A-Z]+) +)?(\/\S*)$/.exec(text) ?? []
  if (path === undefined)
    throw invalid('route', 'a path or a method and a path, for example `GET /items/:id`', `\`${text}\``)
  return { text, method, path: pathPattern(path.replace(/\/:\w+/g, '/*')) }
}

function matches(route: Route, { method, path }: UpstreamRequest): boolean {
  return (route.method === undefined || route.method === method) && route.path.test(path)
}

function entryOf({ method, url, headers, body, connection }: ArrivedRequest, atMs: number): Entry {
  const facts = { method: method.toUpperCase(), url, path: pathOf(url), headers, body, atMs, connection }
  const text = new TextDecoder().decode(body)
  return { ...facts, text, status: undefined, fault: undefined, isRefused: false }
}

function invalid(path: string, expected: string, receivedText: string): InvalidOptionsError {
  return new InvalidOptionsError({ path, expected, received: undefined, receivedText })
}
