import { connect, type Socket } from 'node:net'

const RECONNECT_MS = 5

/** A command that the server runs. */
export interface MonitoredCommand {
  /** Address of who sent it; `lua` where a script runs it. */
  readonly source: string
  /** Name and arguments, with what is no printable character as Redis escapes it. */
  readonly words: readonly string[]
}

/** What Redis says that it runs. */
export interface RedisMonitor {
  close(): void
}

/**
 * Listens to `MONITOR` on a connection of its own, and connects anew for as long as it has to. Resolves when the server says what it runs.
 *
 * Not with a client library: what comes right behind the answer to `MONITOR` is taken for an answer to nothing by one that has not come round to
 * the answer itself.
 */
export async function monitorRedis(
  port: number,
  on: { readonly command: (command: MonitoredCommand) => void; readonly lost: () => void },
): Promise<RedisMonitor> {
  let isClosed = false
  let socket: Socket | undefined
  let again: NodeJS.Timeout | undefined

  const listen = (onListening: () => void): void => {
    let unread = ''
    socket = connect(port, '127.0.0.1')
      .setEncoding('latin1')
      .on('connect', () => socket?.write('MONITOR\r\n'))
      .on('error', () => {})
      .on('data', (text: string) => {
        const lines = `${unread}${text}`.split('\r\n')
        unread = lines.pop() ?? ''
        for (const line of lines) {
          if (line === '+OK') onListening()
          else on.command(commandOf(line))
        }
      })
      .on('close', () => {
        on.lost()
        if (!isClosed) again = setTimeout(listen, RECONNECT_MS, onListening)
      })
  }

  await new Promise<void>(listen)
  return {
    close() {
      isClosed = true
      clearTimeout(again)
      socket?.destroy()
    },
  }
}

/** Reads `+1339518083.107412 [0 127.0.0.1:60866] "keys" "*"`. */
function commandOf(line: string): MonitoredCommand {
  const source = /\[\d+ (?<source>[^\]]+)\]/.exec(line)?.groups?.['source'] ?? ''
  const words = Array.from(line.matchAll(/"(?<word>(?:[^"\\]|\\.)*)"/g), ({ groups }) => groups?.['word'] ?? '')
  return { source, words }
}
