import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, it, onTestFinished } from 'vitest'
import { freePort } from '../clients/service-process.ts'
import { type OrderSenders, sendBurst, startOrderSenders } from './order-senders.ts'
import { startRegionSwitch } from './region-switch.ts'

// A deploy of three minutes with HOLDFAST_DEPLOY_MS=180000; the rest of the time is the same.
const DEPLOY_MS = Number(process.env['HOLDFAST_DEPLOY_MS'] ?? 2_500)
// Slower during a long one, so that what is kept is delivered in a part of its time.
const PAUSE_MS = DEPLOY_MS > 30_000 ? 100 : 5
const root = join(import.meta.dirname, '../..')

describe('a gateway before a service, each in its own process', () => {
  it(
    'carries it through a deploy',
    async () => {
      const scene = await startScene()
      const senders = startOrderSenders(scene.gateway.port, 20, PAUSE_MS)
      await sleep(500)
      await scene.service.stop('SIGTERM')
      await sleep(DEPLOY_MS)
      await scene.service.start()
      await settle(scene, senders)
      scene.expectNothingLost(senders.answered)
      expect(scene.gateway.modes()).toEqual(expect.arrayContaining(['buffer', 'drain', 'proxy']))
    },
    2 * DEPLOY_MS + 60_000,
  )

  it('keeps 847 events while a pool of connections is exhausted, and delivers them in order', async () => {
    const scene = await startScene()
    await scene.service.pool('exhausted')
    await scene.gateway.until('buffer')
    const burst = await sendBurst(scene.gateway.port, 1, 847)
    expect(scene.service.taken()).toEqual([])
    await scene.service.pool('free')
    await scene.gateway.until('proxy')
    expect(scene.service.taken()).toHaveLength(847)
    scene.expectNothingLost(burst)
    expect(await scene.gateway.stop()).toMatchObject({ captured: 847, delivered: 847, deadLettered: 0, backlog: 0 })
  }, 60_000)

  it('follows a failover to another region', async () => {
    const scene = await startScene()
    const senders = startOrderSenders(scene.gateway.port, 20, 5)
    await sleep(500)
    await scene.failOver(1_500)
    await settle(scene, senders)
    scene.expectNothingLost(senders.answered)
    expect(scene.standby.taken().length).toBeGreaterThan(0)
  }, 60_000)

  it('loses nothing that it has acknowledged when it is killed itself in the middle of an outage', async () => {
    const scene = await startScene()
    await scene.service.pool('exhausted')
    await scene.gateway.until('buffer')
    const before = await sendBurst(scene.gateway.port, 1, 300)
    await scene.gateway.kill()
    await scene.gateway.start()
    const after = await sendBurst(scene.gateway.port, 301, 600)
    await scene.service.pool('free')
    await scene.gateway.until('proxy')
    scene.expectNothingLost([...before, ...after])
  }, 60_000)
})

/** Lets the senders finish and the gateway deliver; the senders must have seen nothing but 2xx. */
async function settle(scene: Scene, senders: OrderSenders): Promise<void> {
  await sleep(500)
  await senders.stop()
  await scene.gateway.until('proxy')
  expect(senders.failures).toEqual([])
  expect(senders.answered.length).toBeGreaterThan(200)
}

type Scene = Awaited<ReturnType<typeof startScene>>

async function startScene() {
  const directory = mkdtempSync(join(tmpdir(), 'holdfast-gateway-'))
  const [port, standbyPort] = [await freePort(), await freePort()]
  const service = serviceAt(port, join(directory, 'taken.txt'), 'first')
  const standby = serviceAt(standbyPort, join(directory, 'taken-by-standby.txt'), 'standby')
  await service.start()
  const address = await startRegionSwitch(port)
  const gateway = gatewayBefore(address.port, join(directory, 'buffer'))
  await gateway.start()
  onTestFinished(async () => {
    await gateway.kill()
    await service.stop('SIGKILL')
    await standby.stop('SIGKILL')
    await address[Symbol.asyncDispose]()
    rmSync(directory, { recursive: true, force: true })
  })

  return {
    service,
    standby,
    gateway,
    /** The first region dies; for `ms` the address leads nowhere, then to the second. */
    async failOver(ms: number) {
      await service.stop('SIGKILL')
      address.leadTo(undefined)
      await standby.start()
      await sleep(ms)
      address.leadTo(standbyPort)
    },
    /** Everything was taken, and for each key in order. What came twice counts where it came first. */
    expectNothingLost(events: readonly string[]) {
      const taken = [...new Set([...service.taken(), ...standby.taken()])]
      expect(new Set(taken)).toEqual(new Set(events))
      for (const key of new Set(events.map((event) => event.split(' ')[0]))) {
        const ofKey = (all: readonly string[]): readonly string[] => all.filter((event) => event.startsWith(`${key} `))
        expect(ofKey(taken)).toEqual(ofKey(events))
      }
    },
  }
}

function serviceAt(port: number, file: string, name: string) {
  let child: ChildProcess | undefined
  return {
    async start() {
      child = spawn(
        process.execPath,
        [join(import.meta.dirname, 'order-service-process.ts'), String(port), file, name],
        {
          stdio: ['ignore', 'pipe', 'inherit'],
        },
      )
      if (child.stdout !== null) await once(child.stdout, 'data')
    },
    async stop(signal: 'SIGTERM' | 'SIGKILL') {
      if (child === undefined || child.exitCode !== null || child.signalCode !== null) return
      const gone = once(child, 'exit')
      child.kill(signal)
      await gone
    },
    async pool(state: 'exhausted' | 'free') {
      await fetch(`http://127.0.0.1:${port}/pool`, { method: 'POST', body: state })
    },
    /** What it took, in order. */
    taken(): readonly string[] {
      try {
        return readFileSync(file, 'utf8').split('\n').slice(0, -1)
      } catch {
        return []
      }
    },
  }
}

function gatewayBefore(target: number, directory: string) {
  const modes: string[] = []
  let changed = (): void => {}
  let child: ChildProcess | undefined
  let port = 0
  let last: Record<string, unknown> = {}

  const read = (line: string): void => {
    last = JSON.parse(line) as Record<string, unknown>
    if (last['event'] === 'mode') modes.push(String(last['to']))
    if (last['event'] === 'listening') port = Number(last['port'])
    changed()
  }

  const waitFor = async (holds: () => boolean): Promise<void> => {
    while (!holds()) {
      await new Promise<void>((resolve) => {
        changed = resolve
      })
    }
  }

  return {
    get port() {
      return port
    },
    modes: () => modes,
    async start() {
      const args = [
        '--conditions=@holdfast/source',
        join(root, 'packages/webhook-receiver/src/cli/main.ts'),
        'gateway',
        '--target',
        `http://127.0.0.1:${target}`,
        '--buffer',
        directory,
        '--host',
        '127.0.0.1',
        '--port',
        String(port),
        '--key-header',
        'x-order',
        '--rate',
        '2000',
        '--health-interval',
        '100',
        '--json',
      ]
      modes.length = 0
      last = {}
      child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] })
      if (child.stdout !== null) createInterface(child.stdout).on('line', read)
      await waitFor(() => last['event'] === 'listening')
    },
    /** Resolves when this is its mode. */
    until: (mode: string) => waitFor(() => modes.at(-1) === mode),
    async kill() {
      if (child === undefined || child.exitCode !== null || child.signalCode !== null) return
      const gone = once(child, 'exit')
      child.kill('SIGKILL')
      await gone
    },
    /** What it says at its end. */
    async stop() {
      const gone = once(child as ChildProcess, 'exit')
      child?.kill('SIGTERM')
      await gone
      return last
    },
  }
}
