import { writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { holdfast, jsonLines, sampleEvent, storedDirectory } from './cli-fixture.ts'

const OLD = Buffer.alloc(32, 1)
const NEW = Buffer.alloc(32, 2)
const OLD_LINE = `old=${OLD.toString('base64')}`
const NEW_LINE = `new=${NEW.toString('base64')}`

function encryptedDirectory(): Promise<string> {
  const encryption = { keyId: 'old', key: () => OLD }
  return storedDirectory(
    [1, 2].map((number) => sampleEvent(number)),
    ['orders'],
    { encryption, compression: 'brotli' },
  )
}

function keyFile(directory: string, text: string): string {
  const file = join(dirname(directory), 'keys')
  writeFileSync(file, text)
  return file
}

describe('holdfast with keys', () => {
  test.each(['verify', 'tail', 'export', 'stats', 'inspect', 'repair', 'dead-letters list'])(
    'lets `%s` read encrypted events, with keys from a file or from the environment',
    async (command) => {
      const directory = await encryptedDirectory()
      const more = command === 'dead-letters list' ? ['--destination', 'orders'] : []
      const args = [...command.split(' '), directory, '--json', ...more]
      const fromFile = await holdfast([...args, '--keys', keyFile(directory, `${NEW_LINE}\n\n${OLD_LINE}\n`)])
      expect(fromFile).toMatchObject({ code: 0 })
      const fromEnvironment = await holdfast(args, { env: { HOLDFAST_KEYS: `${OLD_LINE}, ${NEW_LINE}` } })
      expect(fromEnvironment).toMatchObject({ code: 0 })
      if (command === 'tail') expect(jsonLines(fromFile.stdout).map(({ id }) => id)).toEqual(['evt_1', 'evt_2'])
    },
  )

  test('says which key is missing', async () => {
    const directory = await encryptedDirectory()
    expect(await holdfast(['tail', directory])).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/encrypted with the key `old`\..* `--keys FILE` or `\$HOLDFAST_KEYS`/),
    })
    expect(await holdfast(['tail', directory], { env: { HOLDFAST_KEYS: NEW_LINE } })).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('The key `old`'),
    })
  })

  test('encrypts what it imports with the first key', async () => {
    const directory = await encryptedDirectory()
    const keys = keyFile(directory, `${NEW_LINE}\n${OLD_LINE}`)
    const line =
      '{"id":"evt_3","source":"shop","receivedAt":"2026-11-26T03:00:00Z","method":"POST","url":"/","headers":[],"body":"{}"}'
    const imported = await holdfast(['import', directory, '-', '--keys', keys], { stdin: `${line}\n` })
    expect(imported.stderr + imported.stdout).toContain('1')
    expect(imported.code).toBe(0)
    expect(await holdfast(['tail', directory], { env: { HOLDFAST_KEYS: OLD_LINE } })).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('`new`'),
    })
    const all = await holdfast(['tail', directory, '--json', '--keys', keys])
    expect(jsonLines(all.stdout)).toHaveLength(3)
  })

  test('names the line that is no key, and nothing of what is in it', async () => {
    const directory = await encryptedDirectory()
    const result = await holdfast(['tail', directory, '--keys', keyFile(directory, `${OLD_LINE}\nnew=c2VjcmV0`)])
    expect(result).toMatchObject({ code: 2, stderr: expect.stringContaining('Key 2 in ') })
    expect(result.stderr).not.toContain('c2VjcmV0')
    expect(await holdfast(['tail', directory, '--keys', 'nowhere'])).toMatchObject({ code: 2 })
  })
})
