/** Measures a long backlog from the command line; `--help` says how. */
import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs, promisify } from 'node:util'
import type { BacklogStep } from './backlog-process.ts'

const USAGE = `Stores many events and opens them in a process with little memory.

  --events <n>      how many; may be repeated (default 1000000 and 10000000)
  --bytes <n>       size of a body; may be repeated (default 200 and 1000)
  --heap <n>        MiB of --max-old-space-size for opening and draining (default 128)
  --semi <n>        MiB of --max-semi-space-size for the same (default: V8's own, up to 64)
  --drain           deliver everything, too
  --built           what users install, after \`pnpm build\`, instead of the sources: some 15 MiB less for its code
  --directory <d>   parent of the working directory (default: the system's temporary one)

10,000,000 events of 1,000 bytes take about 12 GB.
`

const { values } = parseArgs({
  // `pnpm backlog -- --drain` hands the separator on.
  args: process.argv.slice(2).filter((argument) => argument !== '--'),
  options: {
    events: { type: 'string', multiple: true, default: ['1000000', '10000000'] },
    bytes: { type: 'string', multiple: true, default: ['200', '1000'] },
    heap: { type: 'string', default: '128' },
    semi: { type: 'string' },
    drain: { type: 'boolean', default: false },
    built: { type: 'boolean', default: false },
    directory: { type: 'string', default: tmpdir() },
    help: { type: 'boolean', default: false },
  },
})

if (values.help) process.stdout.write(USAGE)
else await main()

async function main(): Promise<void> {
  process.stdout.write(`Node ${process.version} ${flagsOf(values.heap).join(' ')}\n`)
  for (const bytes of values.bytes) for (const events of values.events) await measure(events, bytes)
}

async function measure(events: string, bytes: string): Promise<void> {
  const directory = mkdtempSync(join(values.directory, 'holdfast-backlog-'))
  try {
    report(`${events} × ${bytes} B, stored`, await run('fill', directory, events, bytes, '1024'))
    report(`${events} × ${bytes} B, opened`, await run('open', directory, events, bytes, values.heap))
    if (values.drain)
      report(`${events} × ${bytes} B, drained`, await run('drain', directory, events, bytes, values.heap))
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
}

async function run(task: string, directory: string, events: string, bytes: string, heap: string): Promise<BacklogStep> {
  const program = new URL('./backlog-process.ts', import.meta.url).pathname
  const node = [...flagsOf(heap), ...(values.built ? [] : ['--conditions=@holdfast/source']), program]
  // With compiled code at hand the memory is that of the program, not that of what strips its types.
  const env = { ...process.env, NODE_COMPILE_CACHE: join(directory, 'compile-cache') }
  const { stdout } = await promisify(execFile)(process.execPath, [...node, task, directory, events, bytes], { env })
  return JSON.parse(stdout) as BacklogStep
}

/** The old generation is bounded by the first; the young one, in which events live for a moment, by the second only. */
function flagsOf(heap: string): string[] {
  return [
    `--max-old-space-size=${heap}`,
    ...(values.semi === undefined ? [] : [`--max-semi-space-size=${values.semi}`]),
  ]
}

function report(what: string, { events, seconds, openMs, rssMiB, bytes }: BacklogStep): void {
  const rate = Math.round(events / seconds).toLocaleString('en')
  process.stdout.write(
    `${what}: opened in ${openMs.toFixed(0)} ms, ${rssMiB.toFixed(0)} MiB resident, ${seconds.toFixed(1)} s, ${rate} events/s, ${(bytes / 1e6).toFixed(0)} MB on disk\n`,
  )
}
