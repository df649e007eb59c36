import type { Clock } from '@holdfast/core'
import { hasMethods } from './connect.ts'

// Time between two attempts to listen again.
const RETRY_MS = 1_000

type OnNotification = (message: { channel: string; payload?: string | undefined }) => void

/** What is used of a connected `Client` of pg to listen. */
export interface PgListenerLike {
  query(text: string): Promise<unknown>
  on(event: 'notification', listener: OnNotification): unknown
  removeListener(event: 'notification', listener: OnNotification): unknown
}

/** What is used of a connection that a `Pool` of pg has lent to listen. */
export interface PgPooledListenerLike extends PgListenerLike {
  on(event: 'error', listener: (error: Error) => void): unknown
  on(event: 'notification', listener: OnNotification): unknown
  removeListener(event: 'error', listener: (error: Error) => void): unknown
  removeListener(event: 'notification', listener: OnNotification): unknown
  release(error?: Error | boolean): void
}

/** What is used of a `Pool` of pg to listen. */
export interface PgListeningPoolLike {
  /** Tells a pool from a client. */
  readonly totalCount: number
  connect(): Promise<PgPooledListenerLike>
}

/** What is used of postgres.js and of PGlite to listen. */
export interface ChannelListenerLike {
  readonly listen: (channel: string, onMessage: (payload: string) => void) => PromiseLike<unknown>
}

/** Where notifications arrive. */
export type PostgresListener = PgListeningPoolLike | PgListenerLike | ChannelListenerLike

/** What is told of a channel. */
export interface ChannelEvents {
  readonly onMessage: (payload: string) => void
  /** Messages may have been missed: listening was interrupted, and goes on. */
  readonly onGap: () => void
  readonly clock: Clock
}

/** Whether notifications can arrive there. */
export function isListenable(value: unknown): boolean {
  if (hasMethods(value, 'listen') || hasMethods(value, 'query', 'on', 'removeListener')) return true
  return hasMethods(value, 'connect') && 'totalCount' in value
}

/** Listens to a channel. Resolves with what ends it. */
export function listenTo(
  listener: PostgresListener,
  channel: string,
  events: ChannelEvents,
): Promise<() => Promise<void>> {
  if ('listen' in listener) return listenOnChannel(listener, channel, events)
  if ('totalCount' in listener) return listenOnPool(listener, channel, events)
  return listenOnClient(listener, channel, events)
}

async function listenOnChannel(
  listener: ChannelListenerLike,
  channel: string,
  { onMessage, onGap }: ChannelEvents,
): Promise<() => Promise<void>> {
  // postgres.js connects again by itself, and calls the third one each time. PGlite, which is no function, has no connection.
  const listen = listener.listen.bind(listener) as (...args: unknown[]) => PromiseLike<unknown>
  const answer = await listen(channel, onMessage, ...(typeof (listener as unknown) === 'function' ? [onGap] : []))
  return async () => {
    // PGlite answers with a function, postgres.js with an object that has one.
    if (typeof answer === 'function') await (answer as () => unknown)()
    else await (answer as { unlisten(): unknown }).unlisten()
  }
}

/** How many listen to a channel on the same client: its connection has the channel once, however often it was asked to listen. */
const listeners = new WeakMap<PgListenerLike, Map<string, number>>()

/** Counts one more, or one fewer, and says how many there are then. */
function countListener(client: PgListenerLike, channel: string, change: 1 | -1): number {
  const counts = listeners.get(client) ?? new Map<string, number>()
  listeners.set(client, counts)
  const count = (counts.get(channel) ?? 0) + change
  counts.set(channel, count)
  return count
}

async function listenOnClient(
  client: PgListenerLike,
  channel: string,
  { onMessage }: ChannelEvents,
): Promise<() => Promise<void>> {
  const onNotification: OnNotification = (message) => {
    if (message.channel === channel) onMessage(message.payload ?? '')
  }
  const end = (): boolean => {
    client.removeListener('notification', onNotification)
    return countListener(client, channel, -1) === 0
  }
  client.on('notification', onNotification)
  countListener(client, channel, 1)
  try {
    await client.query(`listen ${channel}`)
  } catch (error) {
    end()
    throw error
  }
  return async () => {
    if (end()) await client.query(`unlisten ${channel}`)
  }
}

/** Keeps one connection of the pool, and takes another one when it is lost. */
async function listenOnPool(
  pool: PgListeningPoolLike,
  channel: string,
  events: ChannelEvents,
): Promise<() => Promise<void>> {
  let giveBack: (() => Promise<void>) | undefined
  let stopped = false
  let cancel = (): void => {}

  const take = async (): Promise<void> => {
    const connection = await pool.connect()
    let isLent = true
    // Once: it may be lost while it is given back. Until then its errors are ours, and of nobody they would end the process.
    const release = (error?: Error | boolean): void => {
      if (!isLent) return
      isLent = false
      connection.release(error)
      connection.removeListener('error', onError)
    }
    const onError = (error: Error): void => {
      const wasListening = giveBack === end
      if (wasListening) giveBack = undefined
      release(error)
      if (wasListening && !stopped) void takeAgain()
    }
    let unlisten = (): Promise<void> => Promise.resolve()
    const end = async (): Promise<void> => {
      giveBack = undefined
      // It is not used again where it may still listen.
      await unlisten().then(() => release(), release)
    }
    connection.on('error', onError)
    try {
      unlisten = await listenOnClient(connection, channel, events)
    } catch (error) {
      release(true)
      throw error
    }
    if (!isLent) throw new Error('The connection was lost while it began to listen.')
    giveBack = end
    if (stopped) await giveBack()
  }

  const takeAgain = async (): Promise<void> => {
    try {
      await take()
      events.onGap()
    } catch {
      if (!stopped) cancel = events.clock.schedule(RETRY_MS, () => void takeAgain(), { background: true })
    }
  }

  await take()
  return async () => {
    stopped = true
    cancel()
    await giveBack?.()
  }
}
