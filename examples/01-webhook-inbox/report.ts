import type { DestinationFigures, Figures } from './audit.ts'
import { count, seconds, style } from './format.ts'
import { timeline } from './timeline.ts'

const labelWidth = 47
const numberWidth = 12

/** What is going to happen, for who sees it for the first time. `without`: in the control experiment. */
export function intro(without: boolean): string[] {
  const title = without
    ? 'The control experiment: the queue is in memory'
    : 'Holdfast: an inbox for webhooks that loses nothing'
  const place = without ? 'into memory' : 'on disk'
  return [
    '',
    `  ${style('bold', title)}`,
    '',
    '  GitHub\u2019s stand-in posts real payloads to an Express application, which verifies',
    `  each, puts it ${place} and answers. From there it delivers them, in order per`,
    '  customer, to two destinations: fulfilment, which calls another company\u2019s API that',
    `  allows ${timeline.limit.calls} calls a second, and a ledger. Meanwhile the application is killed, its`,
    '  handler is deployed, and the API fails.',
    '',
    style('dim', '  acked    distinct events answered with 2xx: from then on they must not be lost'),
    style('dim', '  +12      acknowledged events that the destination does not have yet'),
    style('dim', '  limit    calls that the API still allows in this second'),
    '',
  ]
}

/** The table at the end, line by line. `complete`: the run was not broken off, so that what is missing is lost. */
export function table(figures: Figures, complete: boolean): string[] {
  const { fulfilment, ledger } = figures.destinations
  return [
    heading('Sender → application', 'requests', ''),
    row('sent', figures.sent),
    row('  acknowledged (2xx)', figures.acknowledged),
    row('  refused (401, the signature was wrong)', figures.refused),
    row('  not taken (dead or no answer), sent again', figures.unanswered),
    '',
    heading('What was acknowledged', 'events', ''),
    row('distinct events', figures.events),
    row('duplicates dropped', figures.duplicatesDropped),
    '',
    heading('Application → destinations', 'fulfilment', 'ledger'),
    row('delivered', fulfilment.delivered, ledger.delivered),
    verdictRow(complete ? 'lost' : 'lost, or not delivered yet', 'lost', figures),
    verdictRow('out of order within a key (one customer)', 'outOfOrder', figures),
    verdictRow('bytes changed on the way', 'altered', figures),
    row('delivered a second time (at least once)', fulfilment.again, ledger.again),
    '',
    heading('Fulfilment → the other company\u2019s API', 'calls', ''),
    row('upstream calls', figures.upstreamCalls),
    row('  done (200)', figures.upstreamOk),
    row('  429s seen', figures.upstream429),
    row('  failures (503)', figures.upstream503),
    row(`waits for the limit (longest ${seconds(figures.longestWaitMs)})`, figures.waits),
    row('breaker openings', figures.breakerOpenings),
    row('application killed with SIGKILL', figures.kills),
  ]
}

function heading(title: string, first: string, second: string): string {
  const columns = `${first.padStart(numberWidth)}${second.padStart(numberWidth)}`
  return `  ${style('bold', title.padEnd(labelWidth))}${style('dim', columns.trimEnd())}`
}

function row(label: string, first: number, second?: number): string {
  const columns = `${count(first, numberWidth)}${second === undefined ? '' : count(second, numberWidth)}`
  return `  ${label.padEnd(labelWidth)}${columns}`
}

/** A row in which everything but 0 is a fault. */
function verdictRow(label: string, figure: keyof DestinationFigures, { destinations }: Figures): string {
  const columns = [destinations.fulfilment[figure], destinations.ledger[figure]]
    .map((value) => style(value === 0 ? 'green' : 'red', count(value, numberWidth)))
    .join('')
  return `  ${label.padEnd(labelWidth)}${columns}`
}
