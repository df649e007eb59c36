import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { audit, type Figures, faults } from './audit.ts'
import { seconds, style } from './format.ts'
import { endAll, type Program, start } from './processes.ts'
import { Progress, recordPaths } from './progress.ts'
import { readRecord } from './records.ts'
import { intro, table } from './report.ts'
import { createScreen } from './screen.ts'
import { timeline } from './timeline.ts'

// Starts the other company's API, the application and the sender, each as its own process, makes them trouble as
// `timeline.ts` says, and counts at the end, from what each process wrote down, whether anything was lost or reordered.

const { values: options } = parseArgs({
  options: {
    /** Where the records go; they stay there. Without it: a temporary directory, removed when all went well. */
    records: { type: 'string' },
    /** Keeps the temporary directory. */
    keep: { type: 'boolean', default: false },
    /** The control experiment: the same run against an application that keeps its queue in memory. */
    without: { type: 'boolean', default: false },
  },
})
const directory = options.records ?? mkdtempSync(join(tmpdir(), 'holdfast-demo-'))
const keep = options.keep || options.records !== undefined
const paths = recordPaths(directory)
const stopTimeoutMs = 3_000
const stallMs = 8_000
const secret = 'known to GitHub and to the application'

const screen = createScreen(process.stdout, () => performance.now())
const progress = new Progress(directory, (text) => screen.happened(text))
let sendingSince = 0
let applicationState = 'starting'

/** Waits for a moment of the timeline. */
async function until(atMs: number): Promise<void> {
  await sleep(Math.max(0, sendingSince + atMs - performance.now()))
}

function complaint(program: string): (text: string) => void {
  return (text) => screen.happened(`${program}: ${text.trim()}`, 'bad')
}

function startApplication(port: number, upstreamPort: number): Program {
  const environment = {
    INBOX: join(directory, 'inbox'),
    LEDGER: paths.ledger,
    PORT: String(port),
    RECORD: paths.application,
    UPSTREAM_URL: `http://127.0.0.1:${upstreamPort}`,
    WEBHOOK_SECRET: secret,
  }
  return start(options.without ? 'app-without-holdfast.ts' : 'app.ts', environment, complaint('application'))
}

async function announceBursts(): Promise<void> {
  for (const { atMs, events } of timeline.bursts) {
    await until(atMs)
    screen.happened(`burst: ${events} events at once`)
  }
}

/** Kills the application in mid-flood and starts it again. Returns the new process. */
async function killAndRestart(victim: Program, restart: () => Program): Promise<Program> {
  await until(timeline.kill.atMs)
  victim.end('SIGKILL')
  const { signal } = await victim.ended
  if (signal !== 'SIGKILL') throw new Error('the application ended before it was killed')
  progress.update()
  applicationState = 'dead'
  screen.happened(
    `SIGKILL: process ${victim.pid} is dead, ${progress.backlog('fulfilment')} acknowledged events undelivered`,
    'bad',
  )
  await sleep(timeline.kill.forMs)
  const application = restart()
  await application.port
  progress.update()
  applicationState = `up, process ${application.pid}, its second life`
  screen.happened(`restarted as process ${application.pid}`, 'good')
  return application
}

async function deploy(application: Program): Promise<void> {
  await until(timeline.deploy.atMs)
  application.tell({ down: true })
  const before = applicationState
  applicationState = 'up, but the fulfilment handler is down for a deploy'
  screen.happened('fulfilment is down for a deploy; intake and ledger go on', 'bad')
  await sleep(timeline.deploy.forMs)
  application.tell({ down: false })
  applicationState = before
  screen.happened(`fulfilment is deployed; ${progress.backlog('fulfilment')} events have waited for it`, 'good')
}

async function outage(upstream: Program): Promise<void> {
  await until(timeline.outage.atMs)
  upstream.tell({ failing: true })
  screen.happened('the API fails: from now on it answers 503', 'bad')
  await sleep(timeline.outage.forMs)
  upstream.tell({ failing: false })
  screen.happened(`the API has recovered; ${progress.backlog('fulfilment')} events have waited for it`, 'good')
}

/** Resolves when the sender has sent all and every acknowledged event is delivered. */
async function drained(sender: Program): Promise<void> {
  const { code } = await sender.ended
  if (code !== 0) throw new Error('the sender ended early')
  progress.update()
  screen.happened(`the sender has sent everything; ${progress.backlog('fulfilment')} events are still waiting`)
  let waiting = Number.POSITIVE_INFINITY
  let movedAt = performance.now()
  for (;;) {
    const left = progress.backlog('fulfilment') + progress.backlog('ledger')
    if (left === 0) break
    if (left < waiting) movedAt = performance.now()
    if (performance.now() - movedAt > stallMs) throw new Error(`${left} events are not delivered, and nothing moves`)
    waiting = left
    await sleep(50)
  }
  screen.happened('every acknowledged event is delivered', 'good')
}

/** Plays the whole timeline. Throws when something does not happen in time. */
async function play(): Promise<void> {
  const upstream = start('upstream.ts', { RECORD: paths.upstream }, complaint('the API'))
  const upstreamPort = await upstream.port
  const first = startApplication(0, upstreamPort)
  const port = await first.port
  applicationState = `up, process ${first.pid}`
  const target = { WEBHOOK_SECRET: secret, WEBHOOK_URL: `http://127.0.0.1:${port}/webhooks/github` }
  const sender = start('sender.ts', { ...target, RECORD: paths.sender }, complaint('sender'))
  while (progress.sent === 0) await sleep(10)
  sendingSince = performance.now()
  screen.happened(`the sender starts: ${timeline.steady.perSecond} events a second`)

  let giveUp: (why: string) => void = () => {}
  const failed = new Promise<never>((_, reject) => {
    giveUp = (why) => reject(new Error(why))
  })
  void until(timeline.deadlineMs).then(() =>
    giveUp(`not everything was delivered within ${seconds(timeline.deadlineMs)}`),
  )
  void upstream.ended.then(() => giveUp('the API ended by itself'))

  const story = async (): Promise<Program> => {
    const application = await killAndRestart(first, () => startApplication(port, upstreamPort))
    void application.ended.then(() => giveUp('the application ended by itself'))
    await deploy(application)
    await outage(upstream)
    return application
  }
  const [application] = await Promise.race([Promise.all([story(), drained(sender), announceBursts()]), failed])
  application.end('SIGTERM')
  const code = await Promise.race([application.ended.then((end) => end.code), sleep(stopTimeoutMs)])
  if (code !== 0) throw new Error('the application did not stop when it was asked to')
}

function count(): Figures {
  return audit({
    sender: readRecord(paths.sender),
    upstream: readRecord(paths.upstream),
    ledger: readRecord(paths.ledger),
    application: readRecord(paths.application),
  })
}

mkdirSync(directory, { recursive: true })
process.once('exit', (code) => {
  if (!keep && code !== 1) rmSync(directory, { recursive: true, force: true, maxRetries: 3 })
})
// Whoever reads along has gone: there is nobody left to show anything to.
process.stdout.on('error', () => process.exit(1))
for (const line of intro(options.without)) screen.say(line)
const ticker = setInterval(() => {
  progress.update()
  if (sendingSince > 0) screen.show(progress, applicationState)
}, 100)
const trouble = await play().then(
  () => [],
  (error: unknown) => [error instanceof Error ? error.message : String(error)],
)
clearInterval(ticker)
endAll()
screen.clear()

const figures = count()
const found = [...trouble, ...faults(figures)]
const durationMs = Math.round(performance.now())
const passed = found.length === 0
writeFileSync(
  join(directory, 'figures.json'),
  `${JSON.stringify({ passed, durationMs, faults: found, figures }, null, 2)}\n`,
)
for (const line of ['', ...table(figures, trouble.length === 0), '']) screen.say(line)
for (const fault of found) screen.say(`  ${style('red', '✗')} ${fault}`)
const verdict = `0 lost, 0 reordered, ${figures.events.toLocaleString('en-US')} events, one SIGKILL`
screen.say(
  passed ? `  ${style('green', '✓')} ${style('bold', verdict)}, ${seconds(durationMs)}` : `  ${style('red', 'failed')}`,
)

if (!passed || keep) screen.say(`  ${style('dim', 'The records are in')} ${directory}`)
process.exit(passed ? 0 : 1)
