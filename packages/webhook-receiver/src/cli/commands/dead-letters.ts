import type { Consumer, DeadLetter, EventBuffer, EventPlace } from '../../buffer/event-buffer.ts'
import { type CliIo, UsageError } from '../cli-io.ts'
import type { CliArguments, CliOption, Command } from '../command.ts'
import { eventFilter, filterOptions } from '../event-filter.ts'
import { eventToJson } from '../event-json.ts'
import { changeDirectory, inspectDirectory } from '../open-directory.ts'
import { counted, printable, time, writeJson, writeTable } from '../output.ts'
import { type Progress, startProgress } from '../progress.ts'
import { keysOf, keysOption } from '../stored-keys.ts'

/** How many are redriven or deleted in one call. */
const CHANGED_AT_ONCE = 512

const destination: CliOption = {
  kind: 'text',
  value: 'NAME',
  help: 'The destination. Needed where there are several.',
}

/** `holdfast dead-letters list DIRECTORY` */
export const listDeadLetters: Command = {
  name: 'dead-letters list',
  summary: 'Shows the events that a destination has given up, and why. Works while an application has the buffer open.',
  positionals: ['DIRECTORY'],
  options: {
    destination,
    ...filterOptions,
    ...keysOption,
    json: { kind: 'flag', help: 'One JSON object for each, with the event.' },
  },
  examples: ['holdfast dead-letters list ./data/inbox --destination orders'],
  async run(args, io) {
    await using opened = await inspectDirectory(args.positionals[0] ?? '', await keysOf(args, io))
    const consumer = await chosenConsumer(opened.buffer, args)
    const progress = await readingProgress(opened.buffer, consumer, args, io)
    const letters = chosenLetters(consumer, args, io.signal, progress)
    if (args.flag('json')) {
      for await (const { event, why, ...rest } of letters)
        await writeJson(io, { why: { ...why, at: time(why.at) }, ...rest, event: eventToJson(event) })
      return
    }
    const write = async (text: string): Promise<void> => {
      // A page takes the place of the progress.
      await progress?.end()
      await io.stdout.write(text)
    }
    const rows = await writeTable(write, ['position', 'id', 'what', 'attempts', 'given up', 'why'], rowsOf(letters))
    if (rows > 0) return
    const which = hasFilter(args) ? ' that the options choose' : ''
    await io.stdout.write(`${printable(consumer.name)} has no dead letters${which}.\n`)
  },
}

/** `holdfast dead-letters redrive DIRECTORY` */
export const redriveDeadLetters: Command = change({
  name: 'dead-letters redrive',
  summary:
    'Has dead letters delivered again, in the order of arrival within their key, when the application runs next. No application may have the buffer open.',
  outcome: 'delivered again',
  doing: 'redriving',
  done: 'will be delivered again',
  method: 'redrive',
  apply: (consumer, places) => consumer.redrive(places),
})

/** `holdfast dead-letters purge DIRECTORY` */
export const purgeDeadLetters: Command = change({
  name: 'dead-letters purge',
  summary: 'Deletes dead letters for good. No application may have the buffer open.',
  outcome: 'deleted',
  doing: 'deleting',
  done: 'deleted',
  method: 'purge',
  apply: (consumer, places) => consumer.purge(places),
})

function change(options: {
  readonly name: string
  readonly summary: string
  /** What happens to them, after "would be". */
  readonly outcome: string
  /** What the progress says. */
  readonly doing: string
  readonly done: string
  /** What does the same in an application that runs. */
  readonly method: 'redrive' | 'purge'
  readonly apply: (consumer: Consumer, places: readonly EventPlace[]) => Promise<number>
}): Command {
  return {
    name: options.name,
    summary: options.summary,
    positionals: ['DIRECTORY'],
    options: {
      destination,
      all: { kind: 'flag', help: 'All of them. Without it, the options below must choose.' },
      ...filterOptions,
      'dry-run': { kind: 'flag', help: 'Only count.' },
      ...keysOption,
      json: { kind: 'flag', help: 'One JSON object.' },
    },
    examples: [
      `holdfast ${options.name} ./data/inbox --destination orders --id evt_1 --id evt_2`,
      `holdfast ${options.name} ./data/inbox --destination orders --all`,
    ],
    async run(args, io) {
      if (!hasFilter(args) && !args.flag('all')) throw new UsageError('Say which: --all, or one of the filters.')
      const isDry = args.flag('dry-run')
      const [directory = ''] = args.positionals
      const keys = await keysOf(args, io)
      const name = args.text('destination') ?? 'NAME'
      const instead = `call \`receiver.destination('${printable(name)}').deadLetters.${options.method}\` in it`
      await using opened = await (isDry
        ? inspectDirectory(directory, keys)
        : changeDirectory(directory, { ...keys, instead }))
      const consumer = await chosenConsumer(opened.buffer, args)
      const reading = await readingProgress(opened.buffer, consumer, args, io)
      // Reading goes through their bodies: only where they are is kept.
      const places: EventPlace[] = []
      for await (const { event } of chosenLetters(consumer, args, io.signal, reading))
        places.push({ partition: event.partition, position: event.position })
      let changed = isDry ? places.length : 0
      const isShown = !isDry && !args.flag('json')
      const progress = isShown ? startProgress(io, options.doing, places.length) : undefined
      try {
        for (let next = 0; next < places.length && !isDry; next += CHANGED_AT_ONCE) {
          io.signal.throwIfAborted()
          const chunk = places.slice(next, next + CHANGED_AT_ONCE)
          changed += await options.apply(consumer, chunk)
          await progress?.add(chunk.length)
        }
      } finally {
        await progress?.end()
      }
      if (args.flag('json')) await writeJson(io, { dryRun: isDry, destination: consumer.name, count: changed })
      else
        await io.stdout.write(
          `${counted(changed, 'dead letter')} of ${consumer.name} ${isDry ? `would be ${options.outcome}` : options.done}\n`,
        )
    },
  }
}

function hasFilter(args: CliArguments): boolean {
  return Object.keys(filterOptions).some((name) => args.text(name) !== undefined)
}

/** One at a time, so that no more of their bodies are in memory than the buffer reads at once. */
async function* chosenLetters(
  consumer: Consumer,
  args: CliArguments,
  signal: AbortSignal,
  progress: Progress | undefined,
): AsyncGenerator<DeadLetter> {
  const filter = eventFilter(args)
  try {
    for await (const letter of consumer.deadLetters()) {
      signal.throwIfAborted()
      await progress?.add(1)
      if (filter.matches(letter.event)) yield letter
    }
  } finally {
    await progress?.end()
  }
}

async function readingProgress(
  buffer: EventBuffer,
  { name }: Consumer,
  args: CliArguments,
  io: CliIo,
): Promise<Progress | undefined> {
  if (args.flag('json')) return undefined
  const { consumers } = await buffer.stats()
  return startProgress(io, 'reading', consumers.find((one) => one.name === name)?.deadLetters)
}

async function* rowsOf(letters: AsyncIterable<DeadLetter>): AsyncGenerator<readonly (string | number)[]> {
  for await (const { event, why } of letters)
    yield [
      event.position,
      printable(event.id),
      printable([event.source, event.type].filter((name) => name !== undefined).join(' ')),
      why.attempts,
      time(why.at),
      printable(`${why.code === undefined ? '' : `${why.code}: `}${why.message}`).slice(0, 100),
    ]
}

async function chosenConsumer(buffer: EventBuffer, args: CliArguments): Promise<Consumer> {
  const { consumers } = await buffer.stats()
  const names = consumers.map(({ name }) => name)
  const asked = args.text('destination') ?? (names.length === 1 ? names[0] : undefined)
  if (asked === undefined) throw new UsageError(`Say which with --destination: ${names.join(', ') || 'there is none'}.`)
  if (!names.includes(asked))
    throw new UsageError(`There is no destination ${asked}; there are: ${names.join(', ') || 'none'}.`)
  return buffer.openConsumer(asked)
}
