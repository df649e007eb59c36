import { describe, expect, test } from 'vitest'
import { BufferError, type Consumer, type DestinationOptions } from '../../src/index.ts'
import { drainFixture, event } from './drain-fixture.ts'

/** A consumer whose transactions are lists of what was written in them. */
function withTransactions(written: string[]): (consumer: Consumer) => Consumer {
  const acked = new Set<string>()
  return (consumer) => ({
    ...consumer,
    async withTransaction(lease, delta, work) {
      const transaction: string[] = []
      const result = await work(transaction)
      const [position = ''] = delta.done ?? []
      if (acked.has(position)) throw new BufferError('already_done', 'It was done before.')
      acked.add(position)
      await consumer.commit(lease, delta)
      written.push(...transaction)
      return result
    },
  })
}

async function run(options: DestinationOptions, ids: readonly string[], wrap?: (consumer: Consumer) => Consumer) {
  const fixture = await drainFixture(
    options,
    ids.map((id) => event(id)),
    wrap === undefined ? {} : { wrap },
  )
  fixture.drain.start()
  await fixture.drained()
  return fixture
}

describe('transaction', () => {
  test('gives the handler the transaction, and what it returned', async () => {
    const written: string[] = []
    const results: unknown[] = []
    const handle: DestinationOptions['handle'] = async ({ id }, { transaction }) => {
      results.push(await transaction(async (list: string[]) => list.push(id)))
    }
    const { heard } = await run({ handle }, ['a', 'b'], withTransactions(written))
    expect(written).toEqual(['a', 'b'])
    expect(results).toEqual([1, 1])
    expect(heard.names.filter((name) => name === 'delivery:succeeded')).toHaveLength(2)
    expect(heard.names).not.toContain('delivery:retried')
  })

  test('tries again what failed in it, of which nothing was written', async () => {
    const written: string[] = []
    const handle: DestinationOptions['handle'] = ({ id }, { attempt, transaction }) =>
      transaction(async (list: string[]) => {
        list.push(`${id} ${attempt}`)
        if (attempt < 3) throw new Error('it fails')
      })
    await run({ handle }, ['a'], withTransactions(written))
    expect(written).toEqual(['a 3'])
  })

  test('is the end of the event: a failure after it has nothing tried again', async () => {
    const written: string[] = []
    const handle: DestinationOptions['handle'] = async ({ id }, { transaction }) => {
      await transaction(async (list: string[]) => list.push(id))
      throw new Error('too late')
    }
    const { heard } = await run({ handle }, ['a'], withTransactions(written))
    expect(written).toEqual(['a'])
    expect(heard.names).toContain('delivery:succeeded')
    expect(heard.names).not.toContain('delivery:retried')
  })

  test('writes nothing for an event that was done by an attempt that took too long, which ends it', async () => {
    const written: string[] = []
    let goOn = (): void => {}
    const late = new Promise<void>((resolve) => {
      goOn = resolve
    })
    const handle: DestinationOptions['handle'] = ({ id }, { attempt, transaction }) =>
      transaction(async (list: string[]) => {
        if (attempt === 1) await late
        // While the second attempt is under way the first one goes on, and is done before it.
        else {
          goOn()
          await new Promise(setImmediate)
        }
        list.push(`${id} ${attempt}`)
      })
    const { heard } = await run({ handle, timeoutMs: 1_000, maxAttempts: 5 }, ['a'], withTransactions(written))
    expect(written).toEqual(['a 1'])
    expect(heard.names.filter((name) => name.startsWith('delivery:'))).toEqual([
      'delivery:retried',
      'delivery:succeeded',
    ])
  })

  test('is refused where the buffer has no transactions', async () => {
    const handle: DestinationOptions['handle'] = (_event, { transaction }) => transaction(async () => {})
    const { deadLetters } = await run({ handle, maxAttempts: 1 }, ['a'])
    expect((await deadLetters()).map(({ why }) => why)).toMatchObject([{ code: 'configuration_error' }])
  })
})
