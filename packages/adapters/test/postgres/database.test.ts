import { expect, test } from 'vitest'
import { createDatabase } from '../../src/postgres/database.ts'

/** A database whose server gives a statement up so many times in favour of others. */
function contended(times: number) {
  let calls = 0
  const query = async () => {
    if (++calls <= times) throw Object.assign(new Error('could not serialize access'), { code: '40001' })
    return [{ calls }]
  }
  return createDatabase({ query, transaction: () => Promise.reject(new Error('not here')) }, 'holdfast', false)
}

test('repeats a statement for as long as several processes may be ahead of it again, and not without end', async () => {
  expect(await contended(19).query('select', [])).toEqual([{ calls: 20 }])
  await expect(contended(20).query('select', [])).rejects.toMatchObject({ code: '40001' })
})
