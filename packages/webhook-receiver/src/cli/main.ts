#!/usr/bin/env node
import process from 'node:process'
import { systemClock } from '@holdfast/core'
import manifest from '../../package.json' with { type: 'json' }
import type { TextSink } from './cli-io.ts'
import { allCommands } from './commands/all-commands.ts'
import { runCli } from './run-cli.ts'

const stopping = new AbortController()
for (const signal of ['SIGINT', 'SIGTERM'] as const)
  process.once(signal, () => stopping.abort(new Error(`Stopped by ${signal}.`)))

process.exitCode = await runCli(
  process.argv.slice(2),
  {
    stdout: sinkOf(process.stdout),
    stderr: sinkOf(process.stderr),
    stdin: process.stdin,
    clock: systemClock,
    env: process.env,
    signal: stopping.signal,
  },
  allCommands,
  manifest.version,
)

function sinkOf(stream: NodeJS.WriteStream): TextSink {
  // Told by the write that fails.
  stream.on('error', () => {})
  return {
    isTerminal: stream.isTTY,
    columns: stream.columns ?? 80,
    write: (text) =>
      new Promise((resolve, reject) => {
        stream.write(text, (error) => (error ? reject(error) : resolve()))
      }),
  }
}
