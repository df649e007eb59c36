import { createReadStream, existsSync } from 'node:fs'
import { join } from 'node:path'
import type { EventBuffer, NewEvent } from '../../buffer/event-buffer.ts'
import { eventIdentity } from '../../buffer-kit/event-meta.ts'
import { type CliIo, UsageError } from '../cli-io.ts'
import type { Command } from '../command.ts'
import { readCsv } from '../csv.ts'
import { eventFromCells } from '../event-csv.ts'
import { eventFromJson } from '../event-json.ts'
import { changeDirectory, inspectDirectory } from '../open-directory.ts'
import { count, counted, writeJson } from '../output.ts'
import { startProgress } from '../progress.ts'
import { decodeText, linesOf } from '../text-lines.ts'
import { formatOf } from './export.ts'
import { keysOf, keysOption } from '../stored-keys.ts'

const BATCH_EVENTS = 256
const BATCH_BYTES = 1024 * 1024

/** `holdfast import DIRECTORY FILE` */
export const importEvents: Command = {
  name: 'import',
  summary:
    'Stores events of a file, as lines of JSON or as CSV, in the form that `export` writes. Those whose id the buffer remembers are passed over. No application may have it open.',
  positionals: ['DIRECTORY', 'FILE'],
  options: {
    format: { kind: 'text', value: 'FORMAT', help: '`jsonl` or `csv`. Default: by the name of the file, else jsonl.' },
    create: { kind: 'flag', help: 'Make the buffer if there is none.' },
    'dry-run': { kind: 'flag', help: 'Only check the file and count. Works while an application has the buffer open.' },
    ...keysOption,
    json: { kind: 'flag', help: 'One JSON object.' },
  },
  examples: ['holdfast import ./data/inbox stripe.csv --dry-run', 'cat more.jsonl | holdfast import ./data/inbox -'],
  async run(args, io) {
    const [directory = '', file = ''] = args.positionals
    const events = readFile(file, formatOf(args.text('format'), file), io)
    const isDry = args.flag('dry-run')
    const counts: Counts = { read: 0, appended: 0, duplicates: 0 }
    if (isDry && args.flag('create') && !existsSync(join(directory, 'META'))) {
      await countNew(events, counts)
    } else {
      // A dry run appends, too: into a view of the files that is thrown away.
      const keys = await keysOf(args, io)
      await using opened = await (isDry
        ? inspectDirectory(directory, { ...keys, rememberIds: true })
        : changeDirectory(directory, { ...keys, create: args.flag('create') }))
      await store(opened.buffer, events, counts, io)
    }
    if (args.flag('json')) await writeJson(io, { dryRun: isDry, ...counts })
    else
      await io.stdout.write(
        `${counted(counts.read, 'event')} read, ${count(counts.appended)} ${isDry ? 'would be stored' : 'stored'}, ${count(counts.duplicates)} there already\n`,
      )
  },
}

interface Counts {
  read: number
  appended: number
  duplicates: number
}

/** What a buffer that is still to be made would say of these events. */
async function countNew(events: AsyncIterable<NewEvent>, counts: Counts): Promise<void> {
  const seen = new Set<string>()
  for await (const event of events) {
    counts.read++
    seen.add(eventIdentity(event))
  }
  counts.appended = seen.size
  counts.duplicates = counts.read - seen.size
}

async function store(buffer: EventBuffer, events: AsyncIterable<NewEvent>, counts: Counts, io: CliIo): Promise<void> {
  const progress = startProgress(io, 'importing', undefined)
  let batch: NewEvent[] = []
  let batchBytes = 0
  const flush = async (): Promise<void> => {
    for (const { status } of await buffer.append(batch)) counts[status === 'appended' ? 'appended' : 'duplicates']++
    await progress.add(batch.length)
    batch = []
    batchBytes = 0
  }
  for await (const event of events) {
    io.signal.throwIfAborted()
    counts.read++
    batch.push(event)
    batchBytes += event.body.length
    if (batch.length >= BATCH_EVENTS || batchBytes >= BATCH_BYTES) await flush()
  }
  if (batch.length > 0) await flush()
  await progress.end()
}

async function* readFile(file: string, format: 'jsonl' | 'csv', io: CliIo): AsyncGenerator<NewEvent, void, undefined> {
  const name = file === '-' ? 'standard input' : file
  const text = decodeText(file === '-' ? io.stdin : (createReadStream(file) as AsyncIterable<Uint8Array>))
  try {
    yield* format === 'csv' ? csvEvents(text, name) : jsonEvents(text, name)
  } catch (error) {
    const { code } = error as { readonly code?: unknown }
    if (code === 'ENOENT') throw new UsageError(`There is no file ${file}.`)
    if (code === 'ERR_ENCODING_INVALID_ENCODED_DATA') throw new UsageError(`${name} is not UTF-8.`)
    throw error instanceof SyntaxError ? new UsageError(`${name}: ${error.message}`) : error
  }
}

async function* jsonEvents(text: AsyncIterable<string>, name: string): AsyncGenerator<NewEvent, void, undefined> {
  let number = 0
  for await (const line of linesOf(text)) {
    number++
    if (line.trim() === '') continue
    const where = `${name}, line ${number}`
    let value: unknown
    try {
      value = JSON.parse(line)
    } catch {
      throw new UsageError(`${where}: this is not JSON.`)
    }
    yield eventFromJson(value, where)
  }
}

async function* csvEvents(text: AsyncIterable<string>, name: string): AsyncGenerator<NewEvent, void, undefined> {
  let names: readonly string[] | undefined
  let number = 0
  for await (const row of readCsv(text)) {
    number++
    if (names === undefined) names = row
    else yield eventFromCells(names, row, `${name}, row ${number}`)
  }
}
