import type { BufferDurability } from '@holdfast/webhook-receiver'
import type { SqlQuery } from './sql-client.ts'

/** What a commit means on this server, as it says itself. A buffer never commits what it acknowledges with `synchronous_commit` off. */
export async function askDurability(query: SqlQuery): Promise<BufferDurability> {
  const [row] = await query(
    `select current_setting('fsync') as fsync, current_setting('synchronous_commit') as synchronous,
     current_setting('synchronous_standby_names') as standbys`,
    [],
  )
  if (row?.standbys !== '' && row?.synchronous !== 'local') return 'replicated'
  return row?.fsync === 'on' ? 'fsync' : 'os'
}
