import { open } from 'node:fs/promises'
import type { StoredEvent } from '../../buffer/event-buffer.ts'
import { type CliIo, UsageError } from '../cli-io.ts'
import type { Command } from '../command.ts'
import { csvRow } from '../csv.ts'
import { csvColumns, eventToCells } from '../event-csv.ts'
import { eventFilter, filterOptions } from '../event-filter.ts'
import { eventToJson } from '../event-json.ts'
import { inspectDirectory } from '../open-directory.ts'
import { count, counted, writeJson } from '../output.ts'
import { startProgress } from '../progress.ts'
import { readEntries } from '../read-events.ts'
import { keysOf, keysOption } from '../stored-keys.ts'

/** `holdfast export DIRECTORY` */
export const exportEvents: Command = {
  name: 'export',
  summary: 'Writes events out, as lines of JSON or as CSV. Works while an application has the buffer open.',
  positionals: ['DIRECTORY'],
  options: {
    format: {
      kind: 'text',
      value: 'FORMAT',
      help: '`jsonl` or `csv`. Default: by the name of the output, else jsonl.',
    },
    output: {
      kind: 'text',
      value: 'FILE',
      short: 'o',
      help: 'A file that is not there yet. Default, and with -: standard output.',
    },
    ...filterOptions,
    ...keysOption,
    json: { kind: 'flag', help: 'Say at the end, on standard error, what was written as JSON.' },
  },
  examples: ['holdfast export ./data/inbox --source stripe --from 2026-11-25T00:00:00Z -o stripe.csv'],
  async run(args, io) {
    const asked = args.text('output')
    const output = asked === '-' ? undefined : asked
    const format = formatOf(args.text('format'), output)
    const filter = eventFilter(args)
    await using opened = await inspectDirectory(args.positionals[0] ?? '', await keysOf(args, io))
    const { events } = await opened.buffer.stats()
    const sink = output === undefined ? undefined : await newFile(output)
    const write = sink === undefined ? io.stdout.write.bind(io.stdout) : (text: string) => sink.appendFile(text)
    const progress = startProgress(io, 'exporting', events)
    let written = 0
    let lost = 0
    try {
      if (format === 'csv') await write(csvRow(csvColumns))
      for await (const entry of readEntries(opened.buffer, { from: filter.from, signal: io.signal })) {
        await progress.add(1)
        if (entry.kind === 'hole') lost += entry.hole.lost
        else if (filter.matches(entry.event)) {
          await write(lineOf(entry.event, format))
          written++
        }
      }
      await sink?.sync()
    } finally {
      await progress.end()
      await sink?.close()
    }
    await report(io, args.flag('json'), written, lost)
  },
}

/** The format of a file of events. */
export function formatOf(asked: string | undefined, file: string | undefined): 'jsonl' | 'csv' {
  const format = asked ?? (file?.endsWith('.csv') === true ? 'csv' : 'jsonl')
  if (format === 'jsonl' || format === 'csv') return format
  throw new UsageError(`--format takes jsonl or csv, got \`${format}\`.`)
}

function lineOf(event: StoredEvent, format: 'jsonl' | 'csv'): string {
  return format === 'csv' ? csvRow(eventToCells(event)) : `${JSON.stringify(eventToJson(event))}\n`
}

function newFile(path: string): ReturnType<typeof open> {
  return open(path, 'wx', 0o600).catch((error: unknown) => {
    if ((error as { readonly code?: unknown }).code === 'EEXIST')
      throw new UsageError(`${path} is there already; nothing is overwritten.`)
    throw error
  })
}

async function report(io: CliIo, asJson: boolean, written: number, lost: number): Promise<void> {
  if (asJson) await writeJson({ ...io, stdout: io.stderr }, { written, lost })
  else await io.stderr.write(`${counted(written, 'event')} written${lost > 0 ? `; ${count(lost)} lost` : ''}\n`)
}
