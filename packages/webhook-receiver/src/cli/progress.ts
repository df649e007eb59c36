import type { CliIo } from './cli-io.ts'
import { count } from './output.ts'

const REDRAW_MS = 100
const BAR_WIDTH = 24

/** How far a long job is, on stderr; nothing where that is no terminal. */
export interface Progress {
  add(amount: number): Promise<void>
  /** Takes the line away. */
  end(): Promise<void>
}

/** Begins to show progress. `total`: `undefined` where nobody knows. */
export function startProgress(io: CliIo, label: string, total: number | undefined): Progress {
  const { stderr, clock } = io
  const startedMs = clock.monotonicMs()
  let done = 0
  let drawnMs = -Infinity
  let width = 0

  const draw = async (): Promise<void> => {
    const seconds = (clock.monotonicMs() - startedMs) / 1_000
    const rate = seconds > 0 ? `${count(Math.round(done / seconds))}/s` : ''
    const line =
      total === undefined || total === 0
        ? `${label} ${count(done)} ${rate}`
        : `${label} ${bar(done / total)} ${count(done)} of ${count(total)} ${rate}`
    const cut = line.slice(0, stderr.columns - 1)
    await stderr.write(`\r${cut.padEnd(width)}`)
    width = cut.length
  }

  return {
    async add(amount) {
      done += amount
      if (!stderr.isTerminal || clock.monotonicMs() - drawnMs < REDRAW_MS) return
      drawnMs = clock.monotonicMs()
      await draw()
    },
    async end() {
      if (stderr.isTerminal && width > 0) await stderr.write(`\r${' '.repeat(width)}\r`)
    },
  }
}

function bar(ratio: number): string {
  const filled = Math.round(Math.min(1, ratio) * BAR_WIDTH)
  return `[${'#'.repeat(filled)}${'.'.repeat(BAR_WIDTH - filled)}] ${Math.floor(Math.min(1, ratio) * 100)}%`
}
