/** What is used of a connected `Client` of pg to listen. */
export interface PgListenerLike {
  query(text: string): Promise<unknown>
  on(event: 'notification', listener: (message: { channel: string; payload?: string | undefined }) => void): unknown
  removeListener(
    event: 'notification',
    listener: (message: { channel: string; payload?: string | undefined }) => void,
  ): unknown
}

/** What is used of postgres.js and of PGlite to listen. */
export interface ChannelListenerLike {
  readonly listen: (channel: string, onMessage: (payload: string) => void) => PromiseLike<unknown>
}

/** A connection on which notifications arrive. */
export type PostgresListener = PgListenerLike | ChannelListenerLike

/** Whether notifications can arrive there. */
export function isListenable(value: unknown): boolean {
  if ((typeof value !== 'object' && typeof value !== 'function') || value === null) return false
  return 'listen' in value || ('on' in value && 'query' in value && !('totalCount' in value))
}

/** Listens to a channel. Resolves with what ends it. */
export async function listenTo(
  listener: PostgresListener,
  channel: string,
  onMessage: (payload: string) => void,
): Promise<() => Promise<void>> {
  if ('listen' in listener) {
    const answer = await listener.listen(channel, onMessage)
    return async () => {
      // PGlite answers with a function, postgres.js with an object that has one.
      if (typeof answer === 'function') await (answer as () => unknown)()
      else await (answer as { unlisten(): unknown }).unlisten()
    }
  }
  const onNotification = (message: { channel: string; payload?: string | undefined }): void => {
    if (message.channel === channel) onMessage(message.payload ?? '')
  }
  listener.on('notification', onNotification)
  await listener.query(`listen ${channel}`)
  return async () => {
    listener.removeListener('notification', onNotification)
    await listener.query(`unlisten ${channel}`)
  }
}
