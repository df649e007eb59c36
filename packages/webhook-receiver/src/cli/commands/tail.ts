import type { Position, StoredEvent } from '../../buffer/event-buffer.ts'
import { type CliIo, UsageError } from '../cli-io.ts'
import type { CliArguments, Command } from '../command.ts'
import { type EventFilter, eventFilter, filterOptions } from '../event-filter.ts'
import { eventToJson } from '../event-json.ts'
import { inspectDirectory } from '../open-directory.ts'
import { bytes, printable, time, writeJson } from '../output.ts'
import { readEntries } from '../read-events.ts'
import { keysOf, keysOption } from '../stored-keys.ts'

const LOOK_AGAIN_MS = 500
// A look reads the last segment: it takes a fifth of the time at most.
const PAUSES_PER_LOOK = 4
const MAX_PRINTED = 2_000

/** `holdfast tail DIRECTORY` */
export const tail: Command = {
  name: 'tail',
  summary:
    'Shows the last events of a buffer, and with --follow those that come. Works while an application has it open.',
  positionals: ['DIRECTORY'],
  options: {
    lines: { kind: 'number', value: 'N', short: 'n', help: 'How many of the last ones. Default: 10.' },
    follow: { kind: 'flag', short: 'f', help: 'Go on until it is stopped.' },
    body: { kind: 'flag', help: 'The bodies, too.' },
    ...filterOptions,
    ...keysOption,
    json: { kind: 'flag', help: 'One JSON object for each event, with everything.' },
  },
  examples: ['holdfast tail ./data/inbox -n 50', 'holdfast tail ./data/inbox --follow --source stripe --body'],
  async run(args, io) {
    const lines = args.number('lines') ?? 10
    if (!Number.isSafeInteger(lines) || lines < 0)
      throw new UsageError(`--lines takes a whole number, got \`${lines}\`.`)
    const filter = eventFilter(args)
    const after = new Map<number, Position>()
    const last: StoredEvent[] = []
    for await (const event of newEvents(args, io, filter, after)) {
      last.push(event)
      if (last.length > lines) last.shift()
    }
    for (const event of last) await print(event, args, io)
    let pauseMs = LOOK_AGAIN_MS
    while (args.flag('follow')) {
      await io.clock.sleep(pauseMs, io.signal)
      const startedMs = io.clock.monotonicMs()
      for await (const event of newEvents(args, io, filter, after)) await print(event, args, io)
      pauseMs = Math.max(LOOK_AGAIN_MS, PAUSES_PER_LOOK * (io.clock.monotonicMs() - startedMs))
    }
  },
}

/** Looks once, and notes how far. Each look is at the files as they are at that moment. */
async function* newEvents(
  args: CliArguments,
  io: CliIo,
  filter: EventFilter,
  after: Map<number, Position>,
): AsyncGenerator<StoredEvent, void, undefined> {
  await using opened = await inspectDirectory(args.positionals[0] ?? '', await keysOf(args, io))
  for await (const entry of readEntries(opened.buffer, { from: filter.from, signal: io.signal, after })) {
    if (entry.kind === 'hole') {
      after.set(entry.hole.partition, entry.hole.to)
      continue
    }
    after.set(entry.event.partition, entry.event.position)
    if (filter.matches(entry.event)) yield entry.event
  }
}

async function print(event: StoredEvent, args: CliArguments, io: CliIo): Promise<void> {
  if (args.flag('json')) {
    await writeJson(io, eventToJson(event))
    return
  }
  const { receivedAt, source, tenant, type, id, body } = event
  const names = [source, tenant, type, id].filter((name) => name !== undefined).map(printable)
  await io.stdout.write(`${time(receivedAt)}  ${names.join('  ')}  ${bytes(body.length)}\n`)
  if (!args.flag('body')) return
  const text = printable(Buffer.from(body).toString('utf8'))
  await io.stdout.write(`  ${text.length > MAX_PRINTED ? `${text.slice(0, MAX_PRINTED)}…` : text}\n`)
}
