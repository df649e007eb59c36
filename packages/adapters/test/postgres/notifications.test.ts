import { EventEmitter } from 'node:events'
import { fakeClock } from '@holdfast/core/testing'
import { expect, test } from 'vitest'
import { listenTo } from '../../src/postgres/notifications.ts'

/** A connection that a pool has lent. Like one of pg it throws when it is given back twice, and when nobody hears its errors. */
class Connection extends EventEmitter {
  readonly statements: string[] = []
  released: boolean | Error | undefined | 'no' = 'no'
  /** Settles what is asked. */
  answer: () => Promise<void> = async () => {}

  async query(text: string): Promise<void> {
    this.statements.push(text)
    await this.answer()
  }

  release(error?: Error | boolean): void {
    if (this.released !== 'no') throw new Error('Release called on client which has already been released to the pool.')
    this.released = error
  }
}

/** A pool that lends the given connections, one after the other; then it has none. */
function poolOf(connections: readonly Connection[]): { readonly totalCount: number; connect(): Promise<Connection> } {
  const free = [...connections]
  return {
    totalCount: 0,
    async connect() {
      const connection = free.shift()
      if (connection === undefined) throw new Error('no connection')
      return connection
    },
  }
}

const lost = new Error('Connection terminated unexpectedly')

function listening(connections: readonly Connection[]) {
  const clock = fakeClock()
  const messages: string[] = []
  let gaps = 0
  const listen = listenTo(poolOf(connections), 'news', {
    clock,
    onMessage: (payload) => messages.push(payload),
    onGap: () => {
      gaps += 1
    },
  })
  return { clock, messages, listen, gaps: () => gaps }
}

test('a connection that listens is given back once, after it has ceased to', async () => {
  const connection = new Connection()
  const { listen, messages } = listening([connection])
  const stop = await listen
  connection.emit('notification', { channel: 'news', payload: 'one' })
  connection.emit('notification', { channel: 'other', payload: 'two' })
  await stop()
  await stop()
  expect(messages).toEqual(['one'])
  expect(connection.statements).toEqual(['listen news', 'unlisten news'])
  expect(connection.released).toBeUndefined()
  expect(connection.listenerCount('error') + connection.listenerCount('notification')).toBe(0)
})

test('one that is lost while it is being given back is given back once, and its error is heard', async () => {
  const connection = new Connection()
  const { listen } = listening([connection])
  const stop = await listen
  connection.answer = async () => {
    connection.emit('error', lost)
    throw lost
  }
  await stop()
  expect(connection.released).toBe(lost)
  expect(connection.listenerCount('error')).toBe(0)
})

test('one that cannot cease to listen is not used again', async () => {
  const connection = new Connection()
  const { listen } = listening([connection])
  const stop = await listen
  const refused = new Error('the statement was refused')
  connection.answer = () => Promise.reject(refused)
  await stop()
  expect(connection.released).toBe(refused)
})

test('one that is lost is followed by another, at once or a second later, and what was missed is looked for', async () => {
  const [first, second] = [new Connection(), new Connection()]
  const { clock, listen, messages, gaps } = listening([first, second])
  const stop = await listen
  first.emit('error', lost)
  await clock.flush()
  expect([first.released, gaps()]).toEqual([lost, 1])
  second.emit('notification', { channel: 'news', payload: 'again' })
  second.emit('error', lost)
  await clock.advance(10_000)
  expect([second.released, gaps(), messages]).toEqual([lost, 1, ['again']])
  await stop()
  expect(clock.pendingTimers).toBe(0)
})

test('one that cannot begin to listen is not used again, and the reason is told', async () => {
  const connection = new Connection()
  connection.answer = () => Promise.reject(lost)
  await expect(listening([connection]).listen).rejects.toBe(lost)
  expect(connection.released).toBe(true)
})

test('one that is lost while it begins to listen counts as lost', async () => {
  const connection = new Connection()
  connection.answer = async () => {
    connection.emit('error', lost)
  }
  await expect(listening([connection]).listen).rejects.toThrow('lost while it began to listen')
  expect(connection.released).toBe(lost)
})

test('a client of the application that cannot begin to listen is left without listeners of ours', async () => {
  const client = new Connection()
  client.answer = () => Promise.reject(lost)
  const events = { clock: fakeClock(), onMessage: () => {}, onGap: () => {} }
  await expect(listenTo(client, 'news', events)).rejects.toBe(lost)
  expect(client.listenerCount('notification')).toBe(0)
})

test('a client that two listen on ceases to listen with the last of them, each channel by itself', async () => {
  const client = new Connection()
  const messages: string[] = []
  const listen = (channel: string, name: string): Promise<() => Promise<void>> =>
    listenTo(client, channel, { clock: fakeClock(), onMessage: () => messages.push(name), onGap: () => {} })
  const [first, second, other] = [
    await listen('news', 'first'),
    await listen('news', 'second'),
    await listen('more', 'other'),
  ]
  await first()
  client.emit('notification', { channel: 'news', payload: 'one' })
  await other()
  await second()
  expect(messages).toEqual(['second'])
  expect(client.statements).toEqual(['listen news', 'listen news', 'listen more', 'unlisten more', 'unlisten news'])
})

test('one that could not begin to listen does not count', async () => {
  const client = new Connection()
  const events = { clock: fakeClock(), onMessage: () => {}, onGap: () => {} }
  const stop = await listenTo(client, 'news', events)
  client.answer = () => Promise.reject(lost)
  await expect(listenTo(client, 'news', events)).rejects.toBe(lost)
  client.answer = async () => {}
  await stop()
  expect(client.statements.at(-1)).toBe('unlisten news')
})
