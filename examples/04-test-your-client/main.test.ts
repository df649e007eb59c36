import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'

test('finds every contact, whatever the day is like', async () => {
  const { stdout, stderr } = await promisify(execFile)(process.execPath, [
    '--conditions=@holdfast/source',
    join(import.meta.dirname, 'main.ts'),
  ])
  expect(stdout.split('\n')).toEqual([
    "{ id: 1, name: 'Ada' }",
    "{ id: 2, name: 'Ada' }",
    "{ id: 3, name: 'Ada' }",
    '/contacts/1 reset',
    '/contacts/1 503',
    '/contacts/1 200',
    '/contacts/2 200',
    '/contacts/3 200',
    '',
  ])
  expect(stderr).toBe('')
})
