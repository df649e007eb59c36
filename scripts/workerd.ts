// Bundles a Worker as wrangler does, and serves it with workerd.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import { build } from 'tsup'

/** A Worker that is being served. */
export interface ServedWorker {
  /** As `http://127.0.0.1:1234`. */
  readonly url: string
  readonly stop: () => void
}

/** How a Worker is served. */
export interface WorkerOptions {
  /** The path of workerd. */
  readonly program: string
  /** The module whose default export is the Worker. */
  readonly entry: string
  /** Text bindings. */
  readonly env: Readonly<Record<string, string>>
  /** Conditions of `exports` before those that wrangler has. */
  readonly conditions?: readonly string[]
}

/** Serves a Worker on a port of its own. */
export async function serveWorker({ program, entry, env, conditions = [] }: WorkerOptions): Promise<ServedWorker> {
  const directory = mkdtempSync(join(tmpdir(), 'holdfast-workerd-'))
  const remove = (): void => rmSync(directory, { recursive: true, force: true })
  try {
    await bundle(entry, directory, conditions)
    writeFileSync(join(directory, 'config.capnp'), configOf(Object.keys(env)))
    const workerd = spawn(program, ['serve', join(directory, 'config.capnp'), '--control-fd=3'], {
      env: { ...process.env, ...env },
      stdio: ['ignore', 'ignore', 'inherit', 'pipe'],
    })
    const stop = (): void => {
      workerd.kill()
      remove()
    }
    const failed = once(workerd, 'exit').then(([code]) => Promise.reject(new Error(`workerd ended with ${code}`)))
    // Heard until it listens only: afterwards it ends because it is stopped.
    failed.catch(() => {})
    const [event] = (await Promise.race([once(workerd.stdio[3] as Readable, 'data'), failed])) as [Buffer]
    const { port } = JSON.parse(event.toString().split('\n')[0] ?? '') as { port: number }
    return { url: `http://127.0.0.1:${port}`, stop }
  } catch (error) {
    remove()
    throw error
  }
}

// Node's modules are on by default since 2026-08-04; opossum needs `events`.
function configOf(names: readonly string[]): string {
  const bindings = names.map((name) => `(name = "${name}", fromEnvironment = "${name}")`)
  return `using Workerd = import "/workerd/workerd.capnp";

const config :Workerd.Config = (
  services = [
    (name = "main", worker = .main),
    (name = "internet", network = (allow = ["public", "private", "local"])),
  ],
  sockets = [(name = "http", address = "127.0.0.1:0", http = (), service = "main")],
);

const main :Workerd.Worker = (
  modules = [(name = "worker", esModule = embed "worker.mjs")],
  bindings = [${bindings.join(', ')}],
  compatibilityDate = "2026-11-01",
);
`
}

/** Everything in one module, the runtime's own modules left to it. */
async function bundle(entry: string, outDir: string, conditions: readonly string[]): Promise<void> {
  await build({
    config: false,
    silent: true,
    entry: { worker: entry },
    outDir,
    format: 'esm',
    outExtension: () => ({ js: '.mjs' }),
    target: 'es2023',
    platform: 'browser',
    // What is loaded on demand is part of the one module, too.
    splitting: false,
    noExternal: [/^[^.]/],
    removeNodeProtocol: false,
    esbuildOptions: (options) => {
      options.conditions = [...conditions, 'workerd', 'worker']
      options.alias = { events: 'node:events' }
      options.external = ['node:*', 'cloudflare:*']
      options.banner = { js: "import { createRequire } from 'node:module'; const require = createRequire('/')" }
    },
  })
}
