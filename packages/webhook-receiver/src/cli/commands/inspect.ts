import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { Command } from '../command.ts'
import { inspectDirectory, ownersOf, partsOf } from '../open-directory.ts'
import { bytes, counted, duration, facts, table, writeJson } from '../output.ts'
import { keysOf, keysOption } from '../stored-keys.ts'

/** `holdfast inspect DIRECTORY` */
export const inspect: Command = {
  name: 'inspect',
  summary:
    'Shows what is in a buffer: events, bytes, losses that opening finds, consumers and files. Works while an application has it open.',
  positionals: ['DIRECTORY'],
  options: { ...keysOption, json: { kind: 'flag', help: 'One JSON object.' } },
  examples: ['holdfast inspect ./data/inbox'],
  async run(args, io) {
    const [directory = ''] = args.positionals
    await using opened = await inspectDirectory(directory, await keysOf(args, io))
    const { buffer, report } = opened
    const { consumers, ...stats } = await buffer.stats()
    const owners = await ownersOf(directory)
    const [owner] = owners
    const parts = await partsOf(directory)
    const files = (await Promise.all(parts.map(segmentFiles))).flat()
    const shards = parts[0] === directory ? undefined : parts.length
    if (args.flag('json')) {
      await writeJson(io, {
        directory,
        owner,
        ...(shards === undefined ? {} : { shards, owners }),
        ...stats,
        report,
        consumers,
        files,
      })
      return
    }
    await io.stdout.write(
      facts([
        ['directory', directory],
        ...(shards === undefined ? [] : [['shards', shards] as const]),
        ['last opened by', owners.join(', ') || 'unknown'],
        ['events', stats.events],
        ['bytes', bytes(stats.bytes)],
        ['lost', stats.lost],
        ['segments', files.length],
        ['opened in', duration(report.durationMs)],
      ]),
    )
    for (const hole of report.holes)
      await io.stdout.write(`lost: ${counted(hole.lost, 'event')}, ${hole.from} to ${hole.to}\n`)
    if (consumers.length === 0) return
    const rows = consumers.map(({ name, backlog, parked, deadLetters }) => [name, backlog, parked, deadLetters])
    await io.stdout.write(`\n${table(['consumer', 'backlog', 'of it parked', 'dead letters'], rows)}`)
  },
}

async function segmentFiles(directory: string): Promise<readonly { name: string; bytes: number }[]> {
  const names = await readdir(join(directory, 'seg')).catch(() => [])
  const files = names.filter((name) => name.endsWith('.log')).toSorted()
  return Promise.all(
    files.map(async (name) => ({
      name,
      bytes: await stat(join(directory, 'seg', name)).then(
        ({ size }) => size,
        () => 0,
      ),
    })),
  )
}
