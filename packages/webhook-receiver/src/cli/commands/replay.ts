import { createFetch } from '@holdfast/core'
import { positionOf } from '../../buffer-kit/position.ts'
import type { Position, StoredEvent } from '../../buffer/event-buffer.ts'
import { sendingError } from '../../drain/sending-error.ts'
import { type CliIo, FindingError, UsageError } from '../cli-io.ts'
import type { CliArguments, Command } from '../command.ts'
import { eventFilter, filterOptions } from '../event-filter.ts'
import { headerPair } from '../header-option.ts'
import { inspectDirectory } from '../open-directory.ts'
import { count, counted, printable, writeJson } from '../output.ts'
import { startProgress } from '../progress.ts'
import { readEntries } from '../read-events.ts'
import { keysOf, keysOption } from '../stored-keys.ts'
import { requireTargetUrl } from '../target-url.ts'

/** Headers of one connection, and those that `fetch` sets itself. */
const notForwarded =
  /^(?:connection|content-length|expect|host|keep-alive|proxy-.*|te|trailer|transfer-encoding|upgrade)$/i

/** As a directory has them. */
const POSITION = /^[0-9a-f]{16}$/

/** `holdfast replay DIRECTORY` */
export const replay: Command = {
  name: 'replay',
  summary:
    'Sends stored events to a URL again, one after the other, with their own headers and bytes. Works while an application has the buffer open, and moves no cursor.',
  positionals: ['DIRECTORY'],
  options: {
    url: { kind: 'text', value: 'URL', help: 'Where to. Required, but with --dry-run.' },
    rate: { kind: 'number', value: 'N', help: 'Events per second. Default: 10.' },
    header: { kind: 'list', value: 'NAME:VALUE', help: 'One more header. May come more than once.' },
    'keep-going': { kind: 'flag', help: 'Go on after an event that was refused. Default: stop there.' },
    'dry-run': { kind: 'flag', help: 'Only count.' },
    after: {
      kind: 'text',
      value: 'POSITION',
      help: 'Only what is stored behind this position, as `replay` and `tail --json` print it. Not with shards.',
    },
    ...filterOptions,
    ...keysOption,
    json: { kind: 'flag', help: 'One JSON object.' },
  },
  examples: [
    'holdfast replay ./data/inbox --from 2026-11-25T14:00:00Z --to 2026-11-25T15:00:00Z --rate 50 --url http://localhost:3000/hooks',
  ],
  async run(args, io) {
    const isDry = args.flag('dry-run')
    const url = isDry ? 'http://localhost' : args.required('url')
    requireTargetUrl(url, '--url')
    const rate = args.number('rate') ?? 10
    if (!(rate > 0)) throw new UsageError(`--rate takes a number above 0, got \`${rate}\`.`)
    const filter = eventFilter(args)
    const after = positionOption(args)
    const extra = args.list('header').map(headerPair)
    await using opened = await inspectDirectory(args.positionals[0] ?? '', await keysOf(args, io))
    // One event that is refused says nothing of the next: without the breaker it would not even be sent.
    await using send = createFetch({ breaker: false })
    if (after !== undefined && opened.buffer.caps.partitions > 1)
      throw new UsageError('--after cannot be used with shards: each has positions of its own.')
    const { events } = await opened.buffer.stats()
    const progress = startProgress(io, 'replaying', events)
    const counts = { chosen: 0, delivered: 0, refused: 0, lost: 0 }
    let nextAtMs = io.clock.monotonicMs()
    try {
      const entries = readEntries(opened.buffer, {
        from: filter.from,
        signal: io.signal,
        ...(after === undefined ? {} : { after: new Map([[0, after]]) }),
      })
      for await (const entry of entries) {
        await progress.add(1)
        if (entry.kind === 'hole') counts.lost += entry.hole.lost
        if (entry.kind === 'hole' || !filter.matches(entry.event)) continue
        counts.chosen++
        if (isDry) continue
        await io.clock.sleep(nextAtMs - io.clock.monotonicMs(), io.signal)
        nextAtMs = Math.max(nextAtMs, io.clock.monotonicMs() - 1_000) + 1_000 / rate
        const refusal = await deliver(send, url, entry.event, extra, io)
        if (refusal === undefined) counts.delivered++
        else {
          counts.refused++
          await io.stderr.write(`${entry.event.position} ${printable(entry.event.id)}: ${printable(refusal)}\n`)
          if (!args.flag('keep-going')) break
        }
      }
    } finally {
      await progress.end()
    }
    if (args.flag('json')) await writeJson(io, { dryRun: isDry, ...counts })
    else await io.stdout.write(summaryOf(counts, isDry))
    if (counts.refused > 0) throw new FindingError('Not everything was delivered.')
  },
}

interface Counts {
  readonly chosen: number
  readonly delivered: number
  readonly refused: number
  readonly lost: number
}

function summaryOf({ chosen, delivered, refused, lost }: Counts, isDry: boolean): string {
  const done = isDry
    ? `${counted(chosen, 'event')} would be sent`
    : `${counted(delivered, 'event')} delivered, ${count(refused)} refused`
  return `${done}${lost > 0 ? `; ${count(lost)} lost` : ''}\n`
}

function positionOption(args: CliArguments): Position | undefined {
  const text = args.text('after')
  if (text === undefined || POSITION.test(text)) return text
  throw new UsageError(`--after takes a position of 16 digits such as ${positionOf(1)}, got \`${printable(text)}\`.`)
}

async function deliver(
  send: typeof globalThis.fetch,
  url: string,
  event: StoredEvent,
  extra: readonly (readonly [string, string])[],
  io: CliIo,
): Promise<string | undefined> {
  try {
    const headers = new Headers()
    for (const [name, value] of event.headers) if (!notForwarded.test(name)) headers.append(name, value)
    for (const [name, value] of extra) headers.set(name, value)
    const response = await send(url, {
      method: event.method,
      headers,
      ...(event.body.length > 0 && { body: event.body }),
      signal: io.signal,
      redirect: 'manual',
    })
    await response.body?.cancel()
    return response.ok ? undefined : `answered ${response.status}`
  } catch (error) {
    io.signal.throwIfAborted()
    return sendingError(error, '--url', url)?.message ?? String(error)
  }
}
