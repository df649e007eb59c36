import type { StateChange, StateEntry, StateRead, StateWrite } from '@holdfast/core'
import type { StateCalls } from './store-calls.ts'
import { Table } from './table.ts'

const utf8 = new TextDecoder('utf-8', { ignoreBOM: true })

/** Values with versions, and leases with tokens. */
export class StateTable extends Table implements StateCalls {
  protected override readonly schema: string = `
    CREATE TABLE IF NOT EXISTS state (key TEXT PRIMARY KEY, value TEXT NOT NULL, version INTEGER NOT NULL, ends_at REAL NOT NULL);
    CREATE INDEX IF NOT EXISTS state_by_end ON state (ends_at);
    CREATE TABLE IF NOT EXISTS leases (name TEXT PRIMARY KEY, token INTEGER NOT NULL, ends_at REAL NOT NULL);
    CREATE INDEX IF NOT EXISTS leases_by_end ON leases (ends_at);
  `

  get(key: string): StateRead {
    const nowMs = this.now()
    return { entry: this.#entryOf(key, nowMs), nowMs }
  }

  compareAndSet(key: string, { expected, value, ttlMs }: StateChange): StateWrite {
    const nowMs = this.now()
    const stored = this.#entryOf(key, nowMs)
    if (stored?.version !== expected) return { written: false, entry: stored, nowMs }
    this.sweep('state', nowMs)
    if (value === undefined) {
      this.change('DELETE FROM state WHERE key = ?', key)
      return { written: true, entry: undefined, nowMs }
    }
    const version = this.nextNumber(nowMs)
    this.change('INSERT OR REPLACE INTO state VALUES (?, ?, ?, ?)', key, value, version, nowMs + ttlMs)
    return { written: true, entry: { value, version: String(version) }, nowMs }
  }

  acquire(name: string, leaseMs: number): number | undefined {
    const now = this.now()
    if (this.row('SELECT 1 FROM leases WHERE name = ? AND ends_at > ?', name, now) !== undefined) return undefined
    this.sweep('leases', now)
    const token = this.nextNumber(now)
    this.change('INSERT OR REPLACE INTO leases VALUES (?, ?, ?)', name, token, now + leaseMs)
    return token
  }

  renewLease(name: string, token: number, leaseMs: number): boolean {
    const now = this.now()
    const sql = 'UPDATE leases SET ends_at = ? WHERE name = ? AND token = ? AND ends_at > ?'
    return this.change(sql, now + leaseMs, name, token, now) === 1
  }

  release(name: string, token: number): void {
    this.change('DELETE FROM leases WHERE name = ? AND token = ?', name, token)
  }

  #entryOf(key: string, now: number): StateEntry | undefined {
    // As bytes, because Node ends a text at a character with the code 0.
    const sql = 'SELECT CAST(value AS BLOB) AS value, version FROM state WHERE key = ? AND ends_at > ?'
    const row = this.row<{ value: Uint8Array; version: number }>(sql, key, now)
    return row === undefined ? undefined : { value: utf8.decode(row.value), version: String(row.version) }
  }
}
