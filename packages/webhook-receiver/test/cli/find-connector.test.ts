import { execFile } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, it } from 'vitest'
import { findConnector } from '../../src/cli/find-connector.ts'
import { temporaryDirectory } from './cli-fixture.ts'

describe('findConnector', () => {
  it('finds a connector by its name where @holdfast/adapters is installed, in a directory above as well', async () => {
    const directory = temporaryDirectory()
    install(directory)
    expect(await findConnector('acme', directory)).toEqual({ id: 'acme' })
    expect(await findConnector('acme', join(directory, 'a/b'))).toEqual({ id: 'acme' })
  })

  it('tells a name that is wrong from a package that is missing', async () => {
    const directory = temporaryDirectory()
    mkdirSync(directory, { recursive: true })
    expect(await stderrIn(directory)).toBe(
      'holdfast: The connector `nobody` is in @holdfast/adapters, which is not installed here. A file of your own is given as ./nobody.json.\n',
    )
    install(directory)
    expect(await stderrIn(directory)).toBe('holdfast: @holdfast/adapters has no connector `nobody`.\n')
  })

  it('reads a file that is given by its path', async () => {
    const directory = temporaryDirectory()
    write(join(directory, 'own.json'), '{"id":"own"}')
    expect(await findConnector(join(directory, 'own.json'), '/')).toEqual({ id: 'own' })
  })
})

/** What the program says in a directory, without the packages that tests are started with. */
async function stderrIn(cwd: string): Promise<string> {
  const main = join(import.meta.dirname, '../../src/cli/main.ts')
  const args = ['--conditions=@holdfast/source', main, 'send', 'http://127.0.0.1:1/', '--connector', 'nobody']
  const { NODE_PATH: _, ...env } = process.env
  const failure = promisify(execFile)(process.execPath, args, { cwd, env }).catch((error: unknown) => error)
  return ((await failure) as { readonly stderr: string }).stderr
}

function install(directory: string): void {
  const adapters = join(directory, 'node_modules/@holdfast/adapters')
  const exports = { './connectors/acme': { types: './dist/acme.d.ts', default: './dist/acme.js' } }
  write(join(adapters, 'package.json'), JSON.stringify({ name: '@holdfast/adapters', type: 'module', exports }))
  write(join(adapters, 'dist/acme.js'), 'export default { id: "acme" }')
}

function write(file: string, text: string): void {
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(file, text)
}
