import { cwd } from 'node:process'
import { MOVING_CONSUMER, moveEvents, type MoveOptions, type MoveReport } from '../../buffer/move-events.ts'
import { ADDRESS_HELP, type OpenAddress, openAddress } from '../buffer-address.ts'
import { type CliIo, UsageError } from '../cli-io.ts'
import type { Command } from '../command.ts'
import { openWhenFree } from '../open-when-free.ts'
import { count, counted, printable, table, writeJson } from '../output.ts'
import { startProgress } from '../progress.ts'
import { keysOf, keysOption } from '../stored-keys.ts'

/** `holdfast move` */
export const move: Command = {
  name: 'move',
  summary:
    'Brings what is not delivered into another buffer: events in their order, parked ones and dead letters, for every destination. Nobody may deliver from either. It can be stopped and run again.',
  positionals: [],
  options: {
    from: { kind: 'text', value: 'ADDRESS', help: `The source: ${ADDRESS_HELP}` },
    to: { kind: 'text', value: 'ADDRESS', help: 'The target, which is made if there is none.' },
    wait: {
      kind: 'flag',
      help: 'Wait, without an end, for the application to stop: until the source is free, and nobody delivers from either buffer.',
    },
    'dry-run': { kind: 'flag', help: 'Only count, in the source. A directory may be in use.' },
    ...keysOption,
    json: { kind: 'flag', help: 'One JSON object.' },
  },
  examples: [
    'holdfast move --from file:./data/inbox --to sqlite:./data/inbox.sqlite --dry-run',
    'REDIS_URL=redis://10.0.0.5 holdfast move --from file:./data/inbox --to redis:inbox?partitions=16 --wait',
  ],
  async run(args, io) {
    const [source, target] = [args.required('from'), args.required('to')]
    if (source === target) throw new UsageError('--from and --to are the same buffer.')
    const [isDry, isWaiting] = [args.flag('dry-run'), args.flag('wait')]
    if (isDry && isWaiting) throw new UsageError('--dry-run waits for nobody: leave --wait out.')
    const keys = await keysOf(args, io)
    const shared = { isDry, keys, directory: cwd() }
    const open = (): Promise<OpenAddress> =>
      openAddress(source, { ...shared, create: false, instead: 'wait for that with `--wait`' }, io)
    // What is wrong with the target is found before the application is stopped.
    const tryTarget = async (): Promise<void> => {
      await (await openAddress(target, { ...shared, create: true }, io))[Symbol.asyncDispose]()
    }
    await using from = await (isWaiting ? openWhenFree(open, tryTarget, io) : open())
    const { events, consumers } = await from.buffer.stats()
    // A server has every buffer that is named, also one that nobody has used.
    if (events === 0 && consumers.length === 0)
      await io.stderr.write(`${printable(source)} was never used: is it the one you mean?\n`)
    if (isDry) {
      const rows = consumers
        .filter(({ name }) => name !== MOVING_CONSUMER)
        .map(({ name, backlog, parked, deadLetters }) => ({ destination: name, backlog, parked, deadLetters }))
      if (args.flag('json')) await writeJson(io, { dryRun: true, events, destinations: rows })
      else await io.stdout.write(dryRunText(events, rows))
      return
    }
    await using to = await openAddress(target, { ...shared, create: true }, io)
    const progress = startProgress(io, 'moving', events)
    let shown = 0
    let report: MoveReport
    try {
      report = await moveEvents(from.buffer, to.buffer, {
        signal: io.signal,
        ...(isWaiting ? waitingIn(io) : {}),
        onProgress: ({ moved, duplicates }) => {
          // Whoever reads our output may be gone, which the result will tell.
          progress.add(moved + duplicates - shown).catch(() => {})
          shown = moved + duplicates
        },
      })
    } finally {
      await progress.end()
    }
    if (args.flag('json')) await writeJson(io, { dryRun: false, ...report })
    else
      await io.stdout.write(
        `${counted(report.moved, 'event')} moved, ${count(report.duplicates)} there already, ${count(report.lost)} lost before\n` +
          'The source still has them: delete it, for whoever drains it would deliver them again.\n',
      )
  },
}

function waitingIn(io: CliIo): MoveOptions {
  return {
    waitMs: Infinity,
    onWait: ({ consumer }) => {
      io.stderr
        .write(`Somebody delivers the events of ${printable(consumer)}. Waiting until nobody does.\n`)
        .catch(() => {})
    },
  }
}

interface Row {
  readonly destination: string
  readonly backlog: number
  readonly parked: number
  readonly deadLetters: number
}

function dryRunText(events: number, rows: readonly Row[]): string {
  if (rows.length === 0) return `${count(events)} events stored, and no destination that has begun to read them\n`
  return table(
    ['destination', 'to be delivered', 'of them parked', 'dead letters'],
    rows.map(({ destination, backlog, parked, deadLetters }) => [destination, backlog, parked, deadLetters]),
  )
}
