/** A limit of the upstream: so many requests in each second of the clock. */
export interface ScenarioBucket {
  readonly id: string
  readonly perSecond: number
  /** Callers that send under it, one request after the other. */
  readonly callers: number
}

/** A load that is the same for every contender. */
export interface Scenario {
  readonly name: string
  readonly note: string
  readonly requestsPerCaller: number
  readonly buckets: readonly ScenarioBucket[]
}

/** How long the upstream takes for an answer. */
export const latencyMs = 20

export function scenarios(quick: boolean): readonly Scenario[] {
  const callers = quick ? [10, 20, 30] : [67, 67, 66]
  return [
    {
      name: 'one limit',
      note: `20 callers, ${quick ? 'one request' : 'four requests'} each, 5 requests/s`,
      requestsPerCaller: quick ? 1 : 4,
      buckets: [{ id: 'one', perSecond: 5, callers: 20 }],
    },
    {
      name: 'three limits',
      note: `${quick ? 60 : 200} callers, one request each, divided over three accounts with 5, 10 and 20 requests/s`,
      requestsPerCaller: 1,
      buckets: [5, 10, 20].map((perSecond, index) => ({
        id: `account${perSecond}`,
        perSecond,
        callers: callers[index] ?? 0,
      })),
    },
  ]
}

/** The least time for so many answers, when the load begins with a second of the clock. */
export function shortestMs(answers: number, perSecond: number): number {
  return answers === 0 ? 0 : (Math.ceil(answers / perSecond) - 1) * 1_000 + latencyMs
}
