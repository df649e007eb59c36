import { describe, expect, it, vi } from 'vitest'
import { connect } from '../../src/postgres/connect.ts'
import type { PostgresJsLike } from '../../src/postgres/sql-client.ts'

describe('connect', () => {
  it.each([[undefined], [true], [{}], [['a']]])(
    'hands no value %j to postgres.js, whose connection would wait for ever',
    async (value) => {
      const unsafe = vi.fn(async () => [])
      const sql: PostgresJsLike = { unsafe, begin: () => undefined }
      const { query } = connect(sql)
      await expect(query('select $1, $2', ['a', value as never])).rejects.toThrow(
        `Expected the value $2 of a statement to be text, a number, bytes or null, got one of type ${typeof value}.`,
      )
      expect(unsafe).not.toHaveBeenCalled()
      await query('select $1, $2, $3, $4', ['a', 1, null, new Uint8Array()])
      expect(unsafe).toHaveBeenCalledOnce()
    },
  )
})
