import { execFile } from 'node:child_process'
import { cpSync, mkdtempSync, realpathSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { build } from 'tsup'
import { root, workspacePackages } from '../../scripts/packages.ts'
import { startService, stopService } from '../clients/service-process.ts'

const sources = join(import.meta.dirname, 'next-app')
const example = join(root, 'examples/06-edge-and-serverless/next')

// What the routes import, under the names of the files it is bundled to.
const bundled = {
  next: '@holdfast/adapters/next',
  github: '@holdfast/adapters/connectors/github',
  receiver: '@holdfast/webhook-receiver',
  disk: '@holdfast/webhook-receiver/disk',
}

// A dependency of core that asks for Node's modules with `require`, which a bundle of modules does not have. Next finds it where applications have it.
const COMMON_JS = 'opossum'

/** The Next that is tested. It is no dependency of the workspace: with its compiler it takes 340 MB. */
export const nextPackages = { next: '16.4.6', react: '19.3.1', 'react-dom': '19.3.1' } as const

/** A Next application that was built and started. */
export interface NextServer {
  readonly port: number
  /** Everything that it has printed. */
  readonly output: () => string
  stop(): Promise<void>
}

/** Builds the application of `next-app` and the example with the Next in `installed`, and starts it. */
export async function startNext(installed: string, settings: Readonly<Record<string, string>>): Promise<NextServer> {
  // Below the installation, where it finds Next.
  const directory = mkdtempSync(join(installed, 'app-'))
  const next = join(installed, 'node_modules/next/dist/bin/next')
  const env = {
    ...process.env,
    ...settings,
    NEXT_TELEMETRY_DISABLED: '1',
    NODE_ENV: 'production',
    TURBOPACK_ROOT: installed,
    BUNDLED: JSON.stringify(
      Object.fromEntries(Object.entries(bundled).map(([file, name]) => [name, `./holdfast/${file}.ts`])),
    ),
  }
  try {
    await copyApplication(directory)
    await promisify(execFile)(process.execPath, [next, 'build'], { cwd: directory, env })
    let output = ''
    let port = 0
    const isReady = (printed: string): boolean => {
      output = printed
      port = Number(/Local: +http:\/\/[^:]+:(\d+)/.exec(printed)?.[1])
      return printed.includes('Ready in')
    }
    const server = await startService(
      process.execPath,
      [next, 'start', '--hostname', '127.0.0.1', '--port', '0'],
      { test: isReady } as RegExp,
      { cwd: directory, env },
    )
    return {
      port,
      output: () => output,
      async stop() {
        await stopService(server, 'SIGKILL')
        rmSync(directory, { recursive: true })
      },
    }
  } catch (error) {
    rmSync(directory, { recursive: true })
    throw error
  }
}

/**
 * Next reads the settings of a route from its text, so the routes are copied as they are. The packages that they import are
 * bundled from their sources, and so is what imports files of the test.
 */
async function copyApplication(directory: string): Promise<void> {
  cpSync(example, directory, { recursive: true })
  cpSync(sources, directory, { recursive: true })
  cpSync(
    realpathSync(join(root, 'packages/core/node_modules', COMMON_JS)),
    join(directory, 'node_modules', COMMON_JS),
    {
      recursive: true,
    },
  )
  const packages = Object.entries(bundled).map(([file, name]) => [`holdfast/${file}`, sourceOf(name)])
  const ours = ['receiver', 'draining-inbox'].map((file) => [file, join(sources, `${file}.ts`)])
  await build({
    config: false,
    silent: true,
    entry: Object.fromEntries([...packages, ...ours]) as Record<string, string>,
    outDir: directory,
    format: 'esm',
    // The names that the routes import.
    outExtension: () => ({ js: '.ts' }),
    target: 'es2023',
    splitting: true,
    noExternal: [/^@holdfast\//],
    external: [COMMON_JS],
    removeNodeProtocol: false,
    esbuildOptions: (options) => {
      options.conditions = ['@holdfast/source']
    },
  })
}

function sourceOf(specifier: string): string {
  for (const { directory, subpaths } of workspacePackages()) {
    const subpath = subpaths.find((candidate) => candidate.specifier === specifier)
    if (subpath !== undefined) return join(directory, subpath.source)
  }
  throw new Error(`no package exports ${specifier}`)
}
