import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { Random } from '@holdfast/core'
import { seededRandom } from '@holdfast/core/testing'
import { describe, expect, test } from 'vitest'
import { type CliResult, holdfast, jsonLines, temporaryDirectory } from '../cli/cli-fixture.ts'
import { anything, fullDirectory, isOfLaterVersion, STORED } from './damaged-files.ts'
import { withKept } from '../../../../test/seeds/kept-seeds.ts'
import type { MemoryFileSystem } from './memory-file-system.ts'
import { DIRECTORY } from './sample-buffer.ts'
import { freshSeeds, scale, scaled } from './scale.ts'

const DIRECTORIES = scaled(60)

/** Names in a directory, with the bytes of those that are files. */
type Content = ReadonlyMap<string, Buffer | 'directory'>

function contentOf(fileSystem: MemoryFileSystem): Map<string, Buffer | 'directory'> {
  const paths = fileSystem.paths(DIRECTORY)
  return new Map(paths.map((path) => [path.slice(DIRECTORY.length + 1), fileSystem.read(path)]))
}

function write(directory: string, content: Content): void {
  for (const [name, bytes] of content) {
    const path = join(directory, name)
    mkdirSync(bytes === 'directory' ? path : dirname(path), { recursive: true })
    if (bytes !== 'directory') writeFileSync(path, bytes)
  }
}

function read(directory: string): Content {
  const entries = readdirSync(directory, { recursive: true, withFileTypes: true })
  return new Map(
    entries
      .map((entry) => [join(entry.parentPath, entry.name), entry.isFile()] as const)
      .toSorted(([left], [right]) => (left < right ? -1 : 1))
      .map(([path, isFile]) => [path, isFile ? readFileSync(path) : 'directory']),
  )
}

/** Damages one to three files: anything in them, none, one too many, or a directory in their place. */
function damage(content: Map<string, Buffer | 'directory'>, originals: readonly Buffer[], random: Random): string {
  const names = [...content.keys()]
  const below = (limit: number): number => Math.floor(random.next() * limit)
  const told: string[] = []
  for (let count = 1 + below(3); count > 0; count--) {
    const name = names[below(names.length)] ?? ''
    const own = content.get(name)
    const other = originals[below(originals.length)] ?? Buffer.alloc(0)
    const kind = below(10)
    const place = kind === 0 ? join(dirname(name), `${below(1e6)}.log`) : name
    if (kind === 1) content.delete(place)
    else if (kind === 2) content.set(place, 'directory')
    else content.set(place, anything(own instanceof Buffer ? own : other, other, random))
    told.push(`${place} ${kind}`)
  }
  return told.join(', ')
}

/** Whether it was refused in words, and for a reason that there may be. */
function isRefusal({ code, stdout, stderr }: CliResult, hasDirectories: boolean): boolean {
  if (code !== 1 || stdout !== '' || !/^holdfast: [^\n]+\n$/.test(stderr)) return false
  return hasDirectories || isOfLaterVersion({ reason: 'buffer_unusable', message: stderr })
}

function checkInspect(result: CliResult): void {
  expect(result).toMatchObject({ code: 0, stderr: '' })
  const [told] = jsonLines(result.stdout) as readonly { readonly events: number }[]
  expect(told?.events).toBeLessThanOrEqual(STORED)
}

function checkVerify(result: CliResult): number {
  const [told] = jsonLines(result.stdout) as readonly { events: number; holes: readonly { lost: number }[] }[]
  const lost = (told?.holes ?? []).reduce((sum, hole) => sum + hole.lost, 0)
  expect(told?.events).toBeLessThanOrEqual(STORED)
  expect(result.code).toBe(lost > 0 ? 1 : 0)
  const said = lost === 1 ? '1 event is lost.' : `${lost} events are lost.`
  expect(result.stderr).toBe(lost > 0 ? `holdfast: ${said}\n` : '')
  return lost
}

describe('holdfast on a directory with any damage', () => {
  test('says what there is or why not, and changes no byte', { timeout: 60_000 * scale }, async () => {
    const original = contentOf(await fullDirectory())
    const originals = [...original.values()].filter((bytes) => bytes !== 'directory')
    const seen = { refused: 0, intact: 0, lost: 0 }
    const directory = temporaryDirectory()
    for (const seed of withKept('looks', freshSeeds(DIRECTORIES))) {
      const content = new Map(original)
      const told = damage(content, originals, seededRandom(seed))
      rmSync(directory, { recursive: true, force: true })
      mkdirSync(join(directory, 'seg'), { recursive: true })
      write(directory, content)
      const before = read(directory)
      const inspected = await holdfast(['inspect', directory, '--json'])
      const verified = await holdfast(['verify', directory, '--json'])
      try {
        expect(read(directory)).toEqual(before)
        const hasDirectories = [...content.values()].includes('directory')
        if (isRefusal(inspected, hasDirectories) && isRefusal(verified, hasDirectories)) seen.refused++
        else {
          checkInspect(inspected)
          seen[checkVerify(verified) > 0 ? 'lost' : 'intact']++
        }
      } catch (cause) {
        throw new Error(`seed ${seed}: ${told}`, { cause })
      }
    }
    expect(seen.lost).toBeGreaterThan(DIRECTORIES / 10)
    expect(seen.intact).toBeGreaterThan(DIRECTORIES / 10)
  })
})
