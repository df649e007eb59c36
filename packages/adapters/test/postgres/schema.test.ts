import { expect, test } from 'vitest'
import { postgresMigrations } from '../../src/postgres/migrations.ts'

test.each(['user', 'order', 'default', 'all', 'left', 'system_user'])(
  'refuses `%s`, which would need quotes',
  (schema) => {
    expect(() => postgresMigrations({ schema })).toThrow(
      `Expected \`schema\` to be a name that is no reserved word of SQL, got \`"${schema}"\` (string).`,
    )
  },
)

test.each(['users', 'public', 'holdfast_2', '_'])('takes `%s`', (schema) => {
  expect(postgresMigrations({ schema })).toContain(`create schema ${schema};`)
})
