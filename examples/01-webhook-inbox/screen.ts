import { stripVTControlCharacters } from 'node:util'
import { count, seconds, style } from './format.ts'
import type { DestinationName, Progress } from './progress.ts'
import { timeline } from './timeline.ts'

/** Where the run is shown: a panel that is redrawn in place on a terminal, one line a second in a pipe. */
export interface Screen {
  /** Prints a line that stays. */
  say(text?: string): void
  /** Prints what happened, with the time. */
  happened(text: string, tone?: 'good' | 'bad' | 'plain'): void
  /** Shows where things are now. */
  show(progress: Progress, application: string): void
  /** Takes the panel away. */
  clear(): void
}

/** Shows a run on `output`; `now` is the time since its start, in milliseconds. */
export function createScreen(output: NodeJS.WriteStream, now: () => number): Screen {
  const interactive = output.isTTY === true && process.env.TERM !== 'dumb'
  const tones = { good: 'green', bad: 'red', plain: 'cyan' } as const
  let panelLines = 0
  let lastLineAt = Number.NEGATIVE_INFINITY

  /** Writes lines in place of the panel, in one piece so that nothing flickers. */
  const write = (text: string): void => {
    output.write(panelLines > 0 ? `\u001b[${panelLines}F\u001b[J${text}` : text)
    panelLines = 0
  }
  const say = (text = ''): void => write(`${text}\n`)
  const time = (): string => seconds(now()).padStart(8)

  return {
    clear: () => write(''),
    say,
    happened(text, tone = 'plain') {
      say(`${time()}  ${style(tones[tone], '▸')} ${style(tones[tone], text)}`)
    },
    show(progress, application) {
      if (interactive) {
        const lines = panel(progress, application).map((line) => fit(line, output.columns))
        write(`${lines.join('\n')}\n`)
        panelLines = lines.length
      } else if (now() - lastLineAt >= 1_000) {
        if (lastLineAt === Number.NEGATIVE_INFINITY) output.write(`${columnTitles}\n`)
        lastLineAt = now()
        output.write(`${time()}${columns(progress, application)}\n`)
      }
    },
  }
}

const columnTitles = [
  `${'time'.padStart(8)}${'sent'.padStart(7)}${'acked'.padStart(7)}  `,
  `${'fulfilment'.padEnd(21)}${'ledger'.padEnd(21)}${'breaker'.padEnd(10)}limit`,
].join('')

function columns(progress: Progress, application: string): string {
  const destination = (name: DestinationName): string => {
    const waiting = `+${progress.backlog(name)}`.padEnd(5)
    return `${count(progress.delivered[name].size, 5)} ${waiting} ${modeOf(progress, name, application).padEnd(9)}`
  }
  return [
    count(progress.sent, 7),
    `${count(progress.acknowledged.size, 7)}  `,
    destination('fulfilment'),
    destination('ledger'),
    progress.breaker.padEnd(10),
    `${progress.allowed}/${timeline.limit.calls}`,
  ].join('')
}

function panel(progress: Progress, application: string): string[] {
  const destination = (name: DestinationName): string => {
    const done = progress.delivered[name].size
    const share = progress.acknowledged.size === 0 ? 0 : Math.min(1, done / progress.acknowledged.size)
    const full = Math.floor(share * 24)
    const bar = `${style('green', '█'.repeat(full))}${style('dim', '░'.repeat(24 - full))}`
    return `${bar} ${count(done, 5)} delivered ${count(progress.backlog(name), 5)} waiting  ${modeOf(progress, name, application)}`
  }
  const rule = style('dim', '─'.repeat(78))
  const breaker = progress.breaker === 'closed' ? 'closed' : style('red', progress.breaker)
  return [
    rule,
    `  sender       ${count(progress.sent)} sent, ${count(progress.acknowledged.size)} events acknowledged, ${count(progress.refused)} refused`,
    `  application  ${application}`,
    `  fulfilment   ${destination('fulfilment')}`,
    `  ledger       ${destination('ledger')}`,
    `  the API      ${String(progress.allowed).padStart(2)} of ${timeline.limit.calls} calls left in this second, ${progress.upstream429} × 429, breaker ${breaker}`,
    rule,
  ]
}

function modeOf(progress: Progress, name: DestinationName, application: string): string {
  if (application.startsWith('dead')) return 'dead'
  if (name === 'fulfilment' && application.includes('deploy')) return 'deploy'
  return progress.mode[name] ?? '–'
}

/** Cuts a line to the terminal's width: a line that wraps would break the redrawing. */
function fit(line: string, width: number): string {
  const plain = stripVTControlCharacters(line)
  return plain.length < width ? line : plain.slice(0, Math.max(0, width - 1))
}
