import { postgresStateStore } from '@holdfast/adapters/postgres'
import { redisStateStore } from '@holdfast/adapters/redis'
import { createFetch, type FetchOptions, isIntegrationError, type StateStore } from '@holdfast/core'
import { clients as postgresClients } from './postgres-service.ts'
import { clients as redisClients } from './redis-service.ts'

// A process that calls an API together with others. Run with fork: it says when it is ready, makes the calls that it is told to make,
// and says what came of them.

/** What the process is. */
export interface Orders {
  readonly store: 'redis' | 'postgres'
  readonly client: string
  readonly port: number
  readonly url: string
  /** How its function is made, as far as that can be sent. */
  readonly options: Pick<FetchOptions, 'connector' | 'retry' | 'breaker'>
}

/** What it has to do: so many calls, one after the other begun so far apart. 0: all at once. */
export interface Load {
  readonly calls: number
  readonly everyMs: number
}

/** What came of it. Times are on a clock that all processes of the machine have in common. */
export interface Result {
  /** The status of each call, or the code of what was thrown. */
  readonly outcomes: readonly (number | string)[]
  readonly requests: readonly { readonly sentMs: number; readonly arrivedMs: number; readonly status: number }[]
  /** When circuits opened, and whether somebody else had found the host down. */
  readonly opened: readonly { readonly atMs: number; readonly isShared: boolean }[]
  /** What the store failed with. */
  readonly failures: readonly string[]
}

interface Growing {
  readonly requests: Result['requests'][number][]
  readonly opened: Result['opened'][number][]
  readonly failures: string[]
}

function machineMs(): number {
  return Number(process.hrtime.bigint()) / 1e6
}

async function makeStore({ store, client, port }: Orders): Promise<StateStore> {
  if (store === 'redis') return redisStateStore((await redisClients[client]!(port)).client)
  return postgresStateStore((await postgresClients[client]!(port)).client)
}

const orders = JSON.parse(process.argv[2] ?? '') as Orders
const state = await makeStore(orders)
// Connected, and its tables are made.
await state.get('ready')
const { requests, opened, failures }: Growing = { requests: [], opened: [], failures: [] }
const fetch = createFetch({
  ...orders.options,
  state,
  deadlineMs: false,
  fetch: async (input, init) => {
    const sentMs = machineMs()
    const response = await globalThis.fetch(input, init)
    requests.push({ sentMs, arrivedMs: machineMs(), status: response.status })
    return response
  },
})
fetch.on('state:failed', ({ code }) => failures.push(code))
fetch.on('circuit:opened', ({ shared = false }) => opened.push({ atMs: machineMs(), isShared: shared }))

async function call(afterMs: number): Promise<number | string> {
  if (afterMs > 0) await new Promise((resolve) => setTimeout(resolve, afterMs))
  try {
    const response = await fetch(orders.url)
    await response.body?.cancel()
    return response.status
  } catch (error) {
    return isIntegrationError(error) ? error.code : String(error)
  }
}

process.on('message', ({ calls, everyMs }: Load) => {
  const made = Array.from({ length: calls }, (_, index) => call(index * everyMs))
  void Promise.all(made).then((outcomes) => {
    const result: Result = {
      outcomes,
      requests: requests.splice(0),
      opened: opened.splice(0),
      failures: failures.splice(0),
    }
    process.send?.(result)
  })
})
process.on('disconnect', () => process.exit())
process.send?.('ready')
