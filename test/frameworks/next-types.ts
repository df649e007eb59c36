import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { root, workspacePackages } from '../../scripts/packages.ts'

const handlers = `import { nextPagesWebhooks, nextWebhooks } from '@holdfast/adapters/next'
import type { Receiver } from '@holdfast/webhook-receiver'
import type { NextApiHandler } from 'next'
import type { NextRequest } from 'next/server'

declare const receiver: Receiver

type Route<Params> = (request: NextRequest, context: { params: Promise<Params> }) => Promise<Response>

export const dynamic: Route<{ source: string }> = nextWebhooks(receiver)
export const catchAll: Route<{ source?: string[] }> = nextWebhooks(receiver)
export const fixed: Route<{}> = nextWebhooks(receiver, { source: 'github' })
export const api: NextApiHandler = nextPagesWebhooks(receiver)
`

const compilerOptions = {
  target: 'ES2023',
  lib: ['ES2023', 'ESNext.Disposable'],
  module: 'ESNext',
  moduleResolution: 'Bundler',
  allowImportingTsExtensions: true,
  resolveJsonModule: true,
  customConditions: ['@holdfast/source'],
  strict: true,
  skipLibCheck: true,
  noEmit: true,
  types: ['node'],
}

/** What TypeScript says of our handlers where Next's own types are expected. Nothing: they fit. */
export function nextTypeErrors(installed: string): string {
  const directory = mkdtempSync(join(installed, 'types-'))
  try {
    for (const { name, directory: target } of workspacePackages()) {
      const link = join(directory, 'node_modules', name)
      mkdirSync(dirname(link), { recursive: true })
      symlinkSync(target, link)
    }
    writeFileSync(join(directory, 'handlers.ts'), handlers)
    writeFileSync(join(directory, 'tsconfig.json'), JSON.stringify({ compilerOptions, files: ['handlers.ts'] }))
    const tsc = join(root, 'node_modules/typescript7/bin/tsc')
    execFileSync(process.execPath, [tsc, '-p', directory], { encoding: 'utf8' })
    return ''
  } catch (error) {
    return (error as { readonly stdout?: string }).stdout ?? String(error)
  } finally {
    rmSync(directory, { recursive: true })
  }
}
