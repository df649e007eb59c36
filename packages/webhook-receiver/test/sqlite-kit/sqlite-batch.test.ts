import { DatabaseSync } from 'node:sqlite'
import { describe, expect, it } from 'vitest'
import { runSqliteBatch, type SqliteLike } from '../../src/sqlite-kit/sqlite-batch.ts'

const SQLITE_CONSTRAINT_PRIMARYKEY = 1555

function numbers(): { database: DatabaseSync; insert: (value: number) => () => unknown; stored: () => unknown[] } {
  const database = new DatabaseSync(':memory:')
  database.exec('CREATE TABLE number (value INTEGER PRIMARY KEY) WITHOUT ROWID')
  return {
    database,
    insert: (value) => () => database.prepare('INSERT INTO number VALUES (?) RETURNING value').get(value)?.value,
    stored: () =>
      database
        .prepare('SELECT value FROM number')
        .all()
        .map(({ value }) => value),
  }
}

describe('runSqliteBatch', () => {
  it('runs every call in one transaction and gives what each returned', () => {
    const { database, insert, stored } = numbers()
    const statements: string[] = []
    const seen: SqliteLike = {
      exec(sql) {
        statements.push(sql)
        database.exec(sql)
      },
    }
    expect(runSqliteBatch(seen, [insert(1), insert(2)], 'BEGIN')).toEqual([
      { kind: 'value', value: 1 },
      { kind: 'value', value: 2 },
    ])
    expect(statements.filter((sql) => /BEGIN|COMMIT/.test(sql))).toEqual(['BEGIN', 'COMMIT'])
    expect(stored()).toEqual([1, 2])
  })

  it('undoes a call that fails, and no other', () => {
    const { database, insert, stored } = numbers()
    const twice = (): void => {
      insert(5)()
      insert(5)()
    }
    expect(runSqliteBatch(database, [insert(1), twice, insert(2)])).toEqual([
      { kind: 'value', value: 1 },
      {
        kind: 'failure',
        failure: { code: SQLITE_CONSTRAINT_PRIMARYKEY, message: expect.stringContaining('UNIQUE constraint failed') },
      },
      { kind: 'value', value: 2 },
    ])
    expect(stored()).toEqual([1, 2])
  })

  it('fails all when the transaction ends under a call, and takes the next batch', () => {
    const { database, insert, stored } = numbers()
    const end = (): never => {
      database.exec('ROLLBACK')
      throw new Error('disk full')
    }
    const failed = { kind: 'failure', failure: { code: undefined, message: 'disk full' } }
    expect(runSqliteBatch(database, [insert(1), end, insert(2)])).toEqual([failed, failed, failed])
    expect(runSqliteBatch(database, [insert(3)])).toEqual([{ kind: 'value', value: 3 }])
    expect(stored()).toEqual([3])
  })

  it('fails all when the transaction cannot be committed', () => {
    const { database, insert, stored } = numbers()
    const refusing: SqliteLike = {
      exec(sql) {
        if (sql === 'COMMIT') throw Object.assign(new Error('full'), { errcode: 13 })
        database.exec(sql)
      },
    }
    expect(runSqliteBatch(refusing, [insert(1)])).toEqual([{ kind: 'failure', failure: { code: 13, message: 'full' } }])
    expect(stored()).toEqual([])
  })
})
