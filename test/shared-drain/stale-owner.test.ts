import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import type { Lease } from '@holdfast/webhook-receiver'
import { describe, expect, onTestFinished, test } from 'vitest'
import { hasService } from '../clients/service-process.ts'
import { eventOf } from '../state/redis-events.ts'
import type { FrozenOwnerSettings } from './frozen-owner.ts'
import { type OpenStore, type StoreName, stores } from './stores.ts'

const LEASE_MS = 500
const HOUR_MS = 3_600_000
const EVENTS = 3

const installed: Readonly<Record<StoreName, boolean>> = {
  redis: hasService('Redis', 'redis-server'),
  postgres: hasService('PostgreSQL', 'initdb', 'postgres'),
}
const ways = (['redis', 'postgres'] as const).flatMap((store) =>
  [...new Set(stores[store].clients)].map((client) => ({ store, client })),
)

/** Freezes an owner between its work and the ack, has another one take over and do the first event, and then lets the first one go on. */
async function playFrozenOwner({
  store,
  client,
  unfenced = false,
}: Pick<FrozenOwnerSettings, 'store' | 'client'> & { unfenced?: boolean }) {
  const { serve, connect, watch } = stores[store]
  const server = await serve()
  onTestFinished(() => server.dispose())
  const opened = await connect(server.port, client)
  onTestFinished(() => opened.close())
  const { buffer } = opened
  await buffer.open()
  const consumer = await buffer.openConsumer('ledger')
  const cursorWatch = await watch(server.port, opened)
  onTestFinished(() => cursorWatch.close())
  if (unfenced && store === 'postgres') await removeFence(opened)
  const stored = await buffer.append(Array.from({ length: EVENTS }, (_, index) => eventOf(`evt_${index}`, 'one')))
  const { partition } = stored[0]!

  const owner = start({ store, port: server.port, client, leaseMs: LEASE_MS, unfenced })
  onTestFinished(() => void owner.kill('SIGKILL'))
  expect(await messageOf(owner)).toBe(EVENTS)
  owner.kill('SIGSTOP')
  const taken: Lease[] = []
  const take = async (): Promise<number> => {
    taken.push(...(await consumer.acquire({ owner: 'next', leaseMs: HOUR_MS })))
    return taken.length
  }
  await expect.poll(take, { timeout: 20_000 }).toBe(buffer.caps.partitions)
  const lease = taken.find((each) => each.partition === partition)!
  await consumer.commit(lease, { done: [stored[0]!.position] })
  owner.send('acknowledge')
  owner.kill('SIGCONT')
  const outcome = await messageOf(owner)
  const { lowWater, done } = await consumer.load(lease)
  const moved = stored.filter(({ position }) => done.includes(position) || (lowWater ?? '') >= position).length
  return { outcome, moved, wrongMoves: await cursorWatch.wrongMoves() }
}

describe.each(ways)('an owner on $store, with $client, that is frozen between its work and the ack', (way) => {
  test.runIf(installed[way.store])(
    'moves no cursor that another one has by then',
    async () => {
      expect(await playFrozenOwner(way)).toEqual({ outcome: 'stale_lease', moved: 1, wrongMoves: [] })
    },
    60_000,
  )
})

describe.each([
  { store: 'redis', client: 'ioredis' },
  { store: 'postgres', client: 'pg' },
] as const)('an owner on $store that nothing fences off', (way) => {
  test.runIf(installed[way.store])(
    'moves what another one has, and is seen by the watch',
    async () => {
      const { outcome, moved, wrongMoves } = await playFrozenOwner({ ...way, unfenced: true })
      expect({ outcome, moved }).toEqual({ outcome: 'moved', moved: EVENTS })
      expect(wrongMoves.map(({ what }) => what)).toContain('moved by another one than its owner')
    },
    60_000,
  )
})

function start(settings: FrozenOwnerSettings): ChildProcess {
  return fork(join(import.meta.dirname, 'frozen-owner.ts'), [JSON.stringify(settings)], {
    execArgv: ['--conditions=@holdfast/source'],
    // So that PostgreSQL knows by whom a connection is.
    env: { ...process.env, PGAPPNAME: 'frozen' },
  })
}

async function messageOf(child: ChildProcess): Promise<unknown> {
  const [message] = (await Promise.race([
    once(child, 'message'),
    once(child, 'exit').then(() => Promise.reject(new Error('the owner has ended'))),
  ])) as [unknown]
  return message
}

/** Has the functions of PostgreSQL not ask whether the lease holds. */
async function removeFence({ query }: OpenStore): Promise<void> {
  const rows = await query(`
    select pg_get_functiondef(p.oid) as text from pg_proc p join pg_namespace n on n.oid = p.pronamespace
    where n.nspname = 'holdfast' and p.prokind = 'f' and p.proname in ('hold', 'commit_done')`)
  for (const { text } of rows) await query(String(text).replaceAll(/(?:c\.)?epoch = (?:_epoch|i\.epoch)/g, 'true'))
}
