import { createReadStream } from 'node:fs'
import type { EventBuffer, NewEvent } from '../../buffer/event-buffer.ts'
import { checkEventSize, encodeEventMeta } from '../../buffer-kit/event-meta.ts'
import { type CliIo, UsageError } from '../cli-io.ts'
import type { Command } from '../command.ts'
import { readCsv } from '../csv.ts'
import { columnsOf, eventFromCells } from '../event-csv.ts'
import { eventFromJson } from '../event-json.ts'
import { changeDirectory, inspectDirectory } from '../open-directory.ts'
import { count, counted, writeJson } from '../output.ts'
import { startProgress } from '../progress.ts'
import { decodeText, linesOf } from '../text-lines.ts'
import { formatOf } from './export.ts'
import { keysOf, keysOption } from '../stored-keys.ts'

const BATCH_EVENTS = 256
const BATCH_BYTES = 1024 * 1024
const NOTHING = new Uint8Array()

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
    const options = { ...(await keysOf(args, io)), create: args.flag('create') }
    // A dry run appends, too: into a view of the files that is thrown away.
    await using opened = await (isDry
      ? inspectDirectory(directory, { ...options, rememberIds: true })
      : changeDirectory(directory, options))
    const { buffer } = opened
    await store(buffer, isDry ? withoutContents(events, buffer.caps.maxEventBytes) : events, counts, io).catch(
      (error: unknown) => {
        throw isDry ? error : withWhatIsStored(error, counts)
      },
    )
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

/** A mistake in the file, with what was stored before it was found. */
function withWhatIsStored(error: unknown, { appended }: Counts): unknown {
  if (!(error instanceof UsageError) || appended === 0) return error
  const stored = `${counted(appended, 'event')} before it ${appended === 1 ? 'was' : 'were'} stored`
  return new UsageError(`${error.message} ${stored}; mend the file and import it again.`)
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

/**
 * What of events decides whether they are new, so that a dry run of a large file does not need the room for it.
 *
 * @throws BufferError for one that is too large to be stored.
 */
async function* withoutContents(
  events: AsyncIterable<NewEvent>,
  maxEventBytes: number,
): AsyncGenerator<NewEvent, void, undefined> {
  for await (const event of events) {
    checkEventSize(event.body.length, Buffer.byteLength(encodeEventMeta(event)), maxEventBytes)
    yield { ...event, method: '', url: '', headers: [], body: NOTHING }
  }
}

async function* readFile(file: string, format: 'jsonl' | 'csv', io: CliIo): AsyncGenerator<NewEvent, void, undefined> {
  const name = file === '-' ? 'standard input' : file
  const text = decodeText(file === '-' ? io.stdin : (createReadStream(file) as AsyncIterable<Uint8Array>))
  try {
    yield* format === 'csv' ? csvEvents(text, name) : jsonEvents(text, name)
  } catch (error) {
    const { code } = error as { readonly code?: unknown }
    if (code === 'ENOENT') throw new UsageError(`There is no file ${file}.`)
    if (code === 'EISDIR') throw new UsageError(`${file} is a directory.`)
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
    if (names === undefined) names = columnsOf(row, name)
    else yield eventFromCells(names, row, `${name}, row ${number}`)
  }
}
