import type { Clock } from '@holdfast/core'
import type { SqlQuery } from './sql-client.ts'

// Rows that one statement deletes: it keeps appends to the partition waiting while it runs.
const CHUNK = 1_000
const EVERY_MS = 30_000

/** Deletes what is kept no longer, in the background. */
export interface Retention {
  /** Deletes all of it now. */
  run(): Promise<void>
  /** Ends it. Resolves when nothing of it is under way. */
  stop(): Promise<void>
}

/** Starts the retention of a buffer. Of several processes one does it. */
export function startRetention(options: {
  readonly query: SqlQuery
  readonly schema: string
  readonly buffer: number
  readonly partitions: number
  readonly minAgeMs: number
  readonly dedupeWindowMs: number
  readonly clock: Clock
}): Retention {
  const { query, schema, buffer, partitions, minAgeMs, dedupeWindowMs, clock } = options
  let stopped = false
  let running: Promise<void> | undefined
  let cancel = (): void => {}

  const untilFewer = async (text: string, values: readonly number[]): Promise<void> => {
    for (let deleted = CHUNK; deleted >= CHUNK && !stopped; ) {
      const [row] = await query(text, [...values, CHUNK])
      deleted = Number(row?.deleted)
    }
  }

  const run = async (): Promise<void> => {
    for (let part = 0; part < partitions && !stopped; part++)
      await untilFewer(`select ${schema}.trim($1::int, $2::int, $3::float8, $4::int) as deleted`, [
        buffer,
        part,
        minAgeMs,
      ])
    await untilFewer(`select ${schema}.forget_ids($1::int, $2::float8, $3::int) as deleted`, [buffer, dedupeWindowMs])
  }

  const runInTurn = async (): Promise<void> => {
    try {
      const mine = await query(
        `update ${schema}.buffer set swept_at = clock_timestamp()
         where id = $1::int and swept_at <= clock_timestamp() - $2::float8 * interval '1 millisecond' returning 1 as mine`,
        [buffer, EVERY_MS * 0.9],
      )
      if (mine.length > 0) await run()
    } catch {
      // The next time it is done with the rest. Whoever appends or reads says that the server is down.
    }
    if (!stopped) later()
  }

  const later = (): void => {
    cancel = clock.schedule(
      EVERY_MS,
      () => {
        running = runInTurn()
      },
      { background: true },
    )
  }
  later()

  return {
    run,
    async stop() {
      stopped = true
      cancel()
      await running
    },
  }
}
