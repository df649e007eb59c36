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
    expect(await refusalIn(directory)).toBe(
      'The connector `nobody` is in @holdfast/adapters, which is not installed here. A file of your own is given as ./nobody.json.\n',
    )
    install(directory)
    expect(await refusalIn(directory)).toBe('@holdfast/adapters has no connector `nobody`.\n')
  })

  it('names those that begin like a name that is wrong', async () => {
    const directory = temporaryDirectory()
    install(directory)
    expect(await refusalIn(directory, 'acme-pya')).toBe(
      '@holdfast/adapters has no connector `acme-pya`. It has `acme-pay`, `acme`.\n',
    )
  })

  it('reads a file that is given by its path', async () => {
    const directory = temporaryDirectory()
    write(join(directory, 'own.json'), '{"id":"own"}')
    expect(await findConnector(join(directory, 'own.json'), '/')).toEqual({ id: 'own' })
  })
})

/** What is said in a directory, without the packages that tests are started with. */
async function refusalIn(cwd: string, name = 'nobody'): Promise<string> {
  const module = new URL('../../src/cli/find-connector.ts', import.meta.url).href
  const program = `
    const { findConnector } = await import(${JSON.stringify(module)})
    await findConnector(${JSON.stringify(name)}, process.cwd()).catch((error) => console.log(error.message))`
  const args = ['--conditions=@holdfast/source', '--input-type=module', '--eval', program]
  const { NODE_PATH: _, ...env } = process.env
  return (await promisify(execFile)(process.execPath, args, { cwd, env })).stdout
}

function install(directory: string): void {
  const adapters = join(directory, 'node_modules/@holdfast/adapters')
  const acme = { types: './dist/acme.d.ts', default: './dist/acme.js' }
  const exports = {
    './connectors/acme': acme,
    './connectors/acme-pay': acme,
    './connectors/other': acme,
    './package.json': './package.json',
  }
  write(join(adapters, 'package.json'), JSON.stringify({ name: '@holdfast/adapters', type: 'module', exports }))
  write(join(adapters, 'dist/acme.js'), 'export default { id: "acme" }')
}

function write(file: string, text: string): void {
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(file, text)
}
