import { closeSync, openSync, readSync, writeSync } from 'node:fs'

/** What one handler did with one event. */
export interface DeliveryRecord {
  readonly kind: 'start' | 'done' | 'failed'
  readonly run: number
  readonly destination: string
  readonly key: string
  readonly seq: number
  /** Hash of the body that the handler saw. */
  readonly digest: string
  /** Id of the event as the handler saw it. */
  readonly id: string
}

/** Writes records so that a kill cannot take them back: each is with the operating system when `write` returns. */
export interface DeliveryLogWriter {
  write(record: DeliveryRecord): void
}

export function openDeliveryLog(path: string): DeliveryLogWriter {
  const file = openSync(path, 'a')
  return {
    write({ kind, run, destination, key, seq, digest, id }) {
      writeSync(file, `${JSON.stringify([kind, run, destination, key, seq, digest, id])}\n`)
    },
  }
}

/** Reads on from where it stopped the last time. */
export interface DeliveryLogReader {
  readNew(): DeliveryRecord[]
  close(): void
}

const CHUNK_BYTES = 1024 * 1024

export function followDeliveryLog(path: string): DeliveryLogReader {
  const file = openSync(path, 'a+')
  const chunk = Buffer.allocUnsafe(CHUNK_BYTES)
  let position = 0
  let rest = ''
  return {
    readNew() {
      const records: DeliveryRecord[] = []
      for (;;) {
        const length = readSync(file, chunk, 0, CHUNK_BYTES, position)
        if (length === 0) return records
        position += length
        const lines = (rest + chunk.toString('latin1', 0, length)).split('\n')
        rest = lines.pop() ?? ''
        for (const line of lines) records.push(parse(line))
      }
    },
    close() {
      closeSync(file)
    },
  }
}

function parse(line: string): DeliveryRecord {
  const [kind, run, destination, key, seq, digest, id] = JSON.parse(line) as [
    DeliveryRecord['kind'],
    number,
    string,
    string,
    number,
    string,
    string,
  ]
  return { kind, run, destination, key, seq, digest, id }
}
