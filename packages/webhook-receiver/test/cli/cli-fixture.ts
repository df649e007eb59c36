import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { type Clock, systemClock } from '@holdfast/core'
import { onTestFinished } from 'vitest'
import type { NewEvent } from '../../src/buffer/event-buffer.ts'
import type { TextSink } from '../../src/cli/cli-io.ts'
import { allCommands } from '../../src/cli/commands/all-commands.ts'
import { runCli } from '../../src/cli/run-cli.ts'
import { diskBuffer } from '../../src/disk/disk-buffer.ts'
import type { DiskBufferOptions } from '../../src/disk/disk-buffer-options.ts'

/** What a command printed, and how it ended. */
export interface CliResult {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

/** Runs a command line as the program does, without a process of its own. */
export async function holdfast(
  args: readonly string[],
  options: {
    readonly stdin?: string
    readonly env?: Readonly<Record<string, string>>
    readonly signal?: AbortSignal
    readonly clock?: Clock
    readonly onStdout?: (text: string) => void
    readonly onStderr?: (text: string) => void
    /** Standard error is a terminal. */
    readonly isTerminal?: boolean
  } = {},
): Promise<CliResult> {
  const stdout = sink(options.onStdout)
  const stderr = sink(options.onStderr, options.isTerminal)
  const code = await runCli(
    args,
    {
      stdout,
      stderr,
      stdin: Readable.from([Buffer.from(options.stdin ?? '')]),
      clock: options.clock ?? systemClock,
      env: options.env ?? {},
      signal: options.signal ?? new AbortController().signal,
    },
    allCommands,
    '1.2.3',
  )
  return { code, stdout: stdout.text(), stderr: stderr.text() }
}

/** A directory that is gone after the test. */
export function temporaryDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), 'holdfast-cli-'))
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }))
  return join(directory, 'inbox')
}

/** An event of the hour of its number. */
export function sampleEvent(number: number, fields: Partial<NewEvent> = {}): NewEvent {
  return {
    id: `evt_${number}`,
    source: 'shop',
    type: 'order.paid',
    receivedAt: Date.UTC(2026, 10, 26, number),
    method: 'POST',
    url: '/webhooks/shop?a=%2F',
    headers: [
      ['Content-Type', 'application/json'],
      ['X-Signature', 'one'],
      ['x-signature', 'two'],
    ],
    body: Buffer.from(`{"number":${number}}`),
    ...fields,
  }
}

/** A closed buffer with these events in it. */
export async function storedDirectory(
  events: readonly NewEvent[],
  consumers: readonly string[] = [],
  options: Partial<DiskBufferOptions> = {},
): Promise<string> {
  const directory = temporaryDirectory()
  const buffer = diskBuffer({ directory, ...options })
  await buffer.open()
  if (events.length > 0) await buffer.append(events)
  for (const name of consumers) await buffer.openConsumer(name)
  await buffer.close()
  return directory
}

/** The only segment of a directory. */
export function segmentOf(directory: string): string {
  const [name] = readdirSync(join(directory, 'seg')).filter((file) => file.endsWith('.log'))
  return join(directory, 'seg', String(name))
}

/** Damages what is stored where `text` is. */
export function flipBit(directory: string, text: string): void {
  const path = segmentOf(directory)
  const bytes = readFileSync(path)
  const at = bytes.indexOf(text)
  bytes[at] = (bytes[at] ?? 0) ^ 1
  writeFileSync(path, bytes)
}

/** Lines of JSON as values. */
export function jsonLines(text: string): readonly Record<string, unknown>[] {
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Record<string, unknown>)
}

function sink(onWrite?: (text: string) => void, isTerminal = false): TextSink & { text(): string } {
  let written = ''
  return {
    isTerminal,
    columns: 80,
    async write(text) {
      written += text
      onWrite?.(text)
    },
    text: () => written,
  }
}
