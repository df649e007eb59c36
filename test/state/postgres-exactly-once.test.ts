import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { postgresBuffer } from '@holdfast/adapters/postgres'
import type { NewEvent } from '@holdfast/webhook-receiver'
import { describe, expect, it, onTestFinished } from 'vitest'
import { hasService } from '../clients/service-process.ts'
import { clients, startPostgres } from './postgres-service.ts'

const EVENTS = 600
const TENANTS = 8

const amountOf = (number: number): number => (number % 97) + 1

function paymentOf(number: number): NewEvent {
  const tenant = `tenant-${number % TENANTS}`
  return {
    id: `evt_${number}`,
    source: 'bank',
    tenant,
    key: tenant,
    receivedAt: number,
    method: 'POST',
    url: '/webhooks/bank',
    headers: [],
    body: new TextEncoder().encode(JSON.stringify({ amount: amountOf(number) })),
  }
}

describe.runIf(hasService('PostgreSQL', 'initdb', 'postgres'))('effects in the transaction of the ack', () => {
  it('happen exactly once and in order, while drainers are killed and frozen and the server is killed', async () => {
    const service = await startPostgres({ durable: true })
    onTestFinished(() => service.dispose(), 60_000)
    const { client, query, close } = await clients.pg!(service.port)
    onTestFinished(close)
    await query('create table account (tenant text primary key, balance bigint not null)')
    await query(`insert into account select 'tenant-' || n, 0 from generate_series(0, ${TENANTS - 1}) n`)
    // Nothing of its own keeps an event from being booked twice.
    await query('create table ledger (place bigint generated always as identity, event text, tenant text, amount int)')

    const buffer = postgresBuffer(client, { name: 'ledger', partitions: 4 })
    await buffer.open()
    await buffer.append(Array.from({ length: EVENTS }, (_, number) => paymentOf(number)))

    const drainers: ChildProcess[] = []
    onTestFinished(() => {
      for (const drainer of drainers) drainer.kill('SIGKILL')
    })
    const startDrainer = async (): Promise<ChildProcess> => {
      const drainer = fork(join(import.meta.dirname, 'ledger-client.ts'), [String(service.port)], {
        execArgv: ['--conditions=@holdfast/source'],
      })
      drainers.push(drainer)
      const exited = once(drainer, 'exit').then(() => Promise.reject(new Error('the drainer ended')))
      exited.catch(() => {})
      await Promise.race([once(drainer, 'message'), exited])
      return drainer
    }
    const booked = async (): Promise<number> => {
      const [row] = await query('select count(*)::int as booked from ledger').catch(() => [])
      return Number(row?.booked ?? 0)
    }
    const untilBooked = async (count: number): Promise<void> => {
      while ((await booked()) < count) await sleep(10)
    }

    const [killed, frozen] = await Promise.all([startDrainer(), startDrainer()])
    await untilBooked(EVENTS * 0.2)
    killed.kill('SIGKILL')
    const third = startDrainer()
    await untilBooked(EVENTS * 0.4)
    // Beyond its lease of a second, so that the other one takes what it has.
    frozen.kill('SIGSTOP')
    await third
    await untilBooked(EVENTS * 0.6)
    await service.kill()
    await service.start()
    frozen.kill('SIGCONT')
    await untilBooked(EVENTS)
    // Whoever is not through would book now.
    await sleep(100)

    const events = await query('select event, amount from ledger order by place')
    expect(events).toHaveLength(EVENTS)
    expect(new Set(events.map(({ event }) => event)).size).toBe(EVENTS)
    const [sum] = await query('select sum(balance)::int as balance from account')
    expect(sum?.balance).toBe(Array.from({ length: EVENTS }, (_, number) => amountOf(number)).reduce((a, b) => a + b))
    const inOrder = await query('select tenant, array_agg(event order by place) as events from ledger group by tenant')
    for (const { events: booking } of inOrder) {
      const numbers = (booking as string[]).map((id) => Number(id.slice(4)))
      expect(numbers).toEqual(numbers.toSorted((left, right) => left - right))
    }
    expect((await buffer.stats()).consumers).toMatchObject([{ name: 'books', backlog: 0, deadLetters: 0 }])
    await buffer.close()
  }, 120_000)
})
