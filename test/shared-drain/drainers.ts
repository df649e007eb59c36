import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { DrainerSettings } from './drainer.ts'

/** Processes that drain, each of which is started again when it dies. */
export interface Drainers {
  readonly count: number
  kill(index: number): void
  /** Freezes one for a time. */
  freeze(index: number, ms: number): Promise<void>
  /** Ends all gracefully. */
  stop(): Promise<void>
  /** Ends all at once, frozen ones too. */
  destroy(): void
}

/** Starts one process for each of the settings. Resolves when all drain. */
export async function startDrainers(settings: readonly Omit<DrainerSettings, 'name'>[]): Promise<Drainers> {
  const children: ChildProcess[] = []
  let ending = false
  let runs = 0

  const start = async (index: number): Promise<void> => {
    const all: DrainerSettings = { ...(settings[index] as DrainerSettings), name: `${index}-${runs++}` }
    const child = fork(join(import.meta.dirname, 'drainer.ts'), [JSON.stringify(all)], {
      execArgv: ['--conditions=@holdfast/source'],
      // So that PostgreSQL knows by whom a connection is.
      env: { ...process.env, PGAPPNAME: all.name },
      // What it says when the server is away is no news.
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    })
    children[index] = child
    child.once('exit', () => {
      // Not at once: while the server is away it would only die again.
      if (!ending) void sleep(50).then(() => (ending ? undefined : start(index)))
    })
    await Promise.race([once(child, 'message'), once(child, 'exit')])
  }

  await Promise.all(settings.map((_, index) => start(index)))
  return {
    count: settings.length,
    kill: (index) => void children[index]?.kill('SIGKILL'),
    async freeze(index, ms) {
      const child = children[index]
      child?.kill('SIGSTOP')
      await sleep(ms)
      child?.kill('SIGCONT')
    },
    async stop() {
      ending = true
      await Promise.all(
        children.map(async (child) => {
          if (child.exitCode !== null || child.signalCode !== null) return
          const gone = once(child, 'exit')
          child.send('stop')
          await gone
        }),
      )
    },
    destroy() {
      ending = true
      for (const child of children) child.kill('SIGKILL')
    },
  }
}
