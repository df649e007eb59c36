import type { StoredEvent } from '../../buffer/event-buffer.ts'
import { UsageError } from '../cli-io.ts'
import type { Command } from '../command.ts'
import { eventFilter, filterOptions } from '../event-filter.ts'
import { inspectDirectory } from '../open-directory.ts'
import { bytes, counted, printable, table, time, writeJson } from '../output.ts'
import { startProgress } from '../progress.ts'
import { readEntries } from '../read-events.ts'
import { keysOf, keysOption } from '../stored-keys.ts'

/** What the events of a group have in common. */
type Fields = Readonly<Record<string, string | null>>

const groupings: Readonly<Record<string, (event: StoredEvent) => Fields>> = {
  source: ({ source }) => ({ source }),
  type: ({ source, type = null }) => ({ source, type }),
  tenant: ({ source, tenant = null }) => ({ source, tenant }),
  hour: ({ receivedAt }) => ({ hour: `${time(receivedAt).slice(0, 13)}:00Z` }),
  day: ({ receivedAt }) => ({ day: time(receivedAt).slice(0, 10) }),
}

interface Group {
  readonly fields: Fields
  events: number
  bytes: number
  first: number
  last: number
}

/** `holdfast stats DIRECTORY` */
export const stats: Command = {
  name: 'stats',
  summary: 'Counts the events that are stored, by source, type, tenant, hour or day.',
  positionals: ['DIRECTORY'],
  options: {
    by: { kind: 'text', value: 'WHAT', help: `${Object.keys(groupings).join(', ')}. Default: source.` },
    ...filterOptions,
    ...keysOption,
    json: { kind: 'flag', help: 'One JSON object for each group.' },
  },
  examples: ['holdfast stats ./data/inbox --by hour --source stripe'],
  async run(args, io) {
    const by = args.text('by') ?? 'source'
    const groupOf = groupings[by]
    if (groupOf === undefined) throw new UsageError(`--by takes ${Object.keys(groupings).join(', ')}, got \`${by}\`.`)
    const filter = eventFilter(args)
    await using opened = await inspectDirectory(args.positionals[0] ?? '', await keysOf(args, io))
    const { events } = await opened.buffer.stats()
    const progress = startProgress(io, 'reading', events)
    const groups = new Map<string, Group>()
    let lost = 0
    for await (const entry of readEntries(opened.buffer, { from: filter.from, signal: io.signal })) {
      await progress.add(1)
      if (entry.kind === 'hole') lost += entry.hole.lost
      if (entry.kind === 'hole' || !filter.matches(entry.event)) continue
      const { receivedAt, body } = entry.event
      const fields = groupOf(entry.event)
      const name = JSON.stringify(Object.values(fields))
      const group = groups.get(name) ?? { fields, events: 0, bytes: 0, first: receivedAt, last: receivedAt }
      group.events++
      group.bytes += body.length
      group.first = Math.min(group.first, receivedAt)
      group.last = Math.max(group.last, receivedAt)
      groups.set(name, group)
    }
    await progress.end()
    // Beside the table, which has no row for what nobody knows the source of.
    if (lost > 0)
      await io.stderr.write(`${counted(lost, 'event')} ${lost === 1 ? 'is' : 'are'} lost, and not counted\n`)
    const sorted = [...groups].toSorted(([left], [right]) => (left < right ? -1 : 1))
    if (args.flag('json')) {
      for (const [, { fields, first, last, ...counts }] of sorted)
        await writeJson(io, { ...fields, ...counts, first: time(first), last: time(last) })
      return
    }
    const rows = sorted.map(([, group]) => [
      printable(
        Object.values(group.fields)
          .map((value) => value ?? '-')
          .join(' '),
      ),
      group.events,
      bytes(group.bytes),
      time(group.first),
      time(group.last),
    ])
    await io.stdout.write(table([by, 'events', 'of bodies', 'first', 'last'], rows))
  },
}
