import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { sampleConnector } from '../lint/sample-connector.ts'
import { holdfast, jsonLines, temporaryDirectory } from './cli-fixture.ts'

describe('holdfast connector lint', () => {
  it('is content with a connector whose vectors verify', async () => {
    const file = written(sampleConnector())
    const { code, stdout, stderr } = await holdfast(['connector', 'lint', file, '--max-age-days', '1000000'])
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(stdout).toMatch(/ is fine: 1 schemes, 1 vectors/)
  })

  it('names what is wrong, where, and ends with 1', async () => {
    const file = written({ ...sampleConnector(), colour: 'red' })
    const { code, stdout, stderr } = await holdfast(['connector', 'lint', file, '--json'])
    expect({ code, stderr }).toEqual({ code: 1, stderr: 'holdfast: 1 error.\n' })
    expect(jsonLines(stdout)[0]).toMatchObject({
      file,
      severity: 'error',
      path: expect.stringContaining('colour') as string,
    })
  })

  it('names a file that cannot be read', async () => {
    expect((await holdfast(['connector', 'lint', '/nonexistent.json'])).stderr).toContain('There is no file')
    expect((await holdfast(['connector', 'lint', written('{', false)])).stderr).toContain('is not JSON')
    expect((await holdfast(['connector', 'lint'])).stderr).toContain('takes FILE...; 0 came.')
  })
})

function written(value: unknown, isJson = true): string {
  const directory = temporaryDirectory()
  mkdirSync(directory)
  const file = join(directory, 'connector.json')
  writeFileSync(file, isJson ? JSON.stringify(value) : String(value))
  return file
}
