import type { BeginOptions, Beginning } from '@holdfast/webhook-receiver'
import type { EffectCalls } from './store-calls.ts'
import { Table } from './table.ts'

interface EffectRow {
  readonly isDone: number
  readonly endsAt: number
  readonly result: Uint8Array | null
}

const HELD = 'WHERE scope = ? AND id = ? AND token = ? AND is_done = 0 AND ends_at > ?'

/** Who has begun what, and what is done. A row is an id that is held, or done. */
export class EffectTable extends Table implements EffectCalls {
  protected override readonly schema: string = `
    CREATE TABLE IF NOT EXISTS effects (
      scope TEXT NOT NULL,
      id TEXT NOT NULL,
      is_done INTEGER NOT NULL,
      token INTEGER NOT NULL,
      owner TEXT NOT NULL,
      ttl_ms REAL NOT NULL,
      ends_at REAL NOT NULL,
      result BLOB,
      PRIMARY KEY (scope, id)
    );
    CREATE INDEX IF NOT EXISTS effects_by_end ON effects (ends_at);
  `

  begin(scope: string, id: string, { owner, leaseMs, ttlMs }: BeginOptions): Beginning {
    const now = this.now()
    const known = this.row<EffectRow>(
      'SELECT is_done AS isDone, ends_at AS endsAt, result FROM effects WHERE scope = ? AND id = ? AND ends_at > ?',
      scope,
      id,
      now,
    )
    if (known?.isDone === 1) return { state: 'done', result: known.result ?? undefined }
    if (known !== undefined) return { state: 'busy', leftMs: known.endsAt - now }
    this.sweep('effects', now)
    const token = this.nextNumber(now)
    this.change(
      `INSERT OR REPLACE INTO effects (scope, id, is_done, token, owner, ttl_ms, ends_at) VALUES (?, ?, 0, ?, ?, ?, ?)`,
      scope,
      id,
      token,
      owner,
      ttlMs,
      now + leaseMs,
    )
    return { state: 'new', token }
  }

  renew(scope: string, id: string, token: number, leaseMs: number): boolean {
    const now = this.now()
    return this.change(`UPDATE effects SET ends_at = ? ${HELD}`, now + leaseMs, scope, id, token, now) === 1
  }

  complete(scope: string, id: string, token: number, result: Uint8Array | undefined): boolean {
    const now = this.now()
    // Node 22 takes a result of no bytes for NULL, which is none.
    const sql = `UPDATE effects SET is_done = 1, ends_at = ? + ttl_ms, result = CASE WHEN ? THEN COALESCE(?, x'') END ${HELD}`
    return this.change(sql, now, result === undefined ? 0 : 1, result ?? null, scope, id, token, now) === 1
  }

  abandon(scope: string, id: string, token: number): boolean {
    return this.change(`DELETE FROM effects ${HELD}`, scope, id, token, this.now()) === 1
  }
}
