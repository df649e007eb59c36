// Looks at each package as npm would publish it: publint for its package.json and files, Are The Types Wrong for how every
// supported module resolution sees its types. Needs the build.
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { root, workspacePackages } from './packages.ts'
import { pnpm } from './pnpm.ts'

for (const { directory, name } of workspacePackages()) {
  const packed = mkdtempSync(join(tmpdir(), 'holdfast-pack-'))
  try {
    run(pnpm[0], [...pnpm.slice(1), 'pack', '--pack-destination', packed], directory)
    const tarball = join(packed, readdirSync(packed)[0] ?? '')
    // ESM only, on purpose: Node.js since 22.13 can require() it.
    const passed = [
      run(bin('publint'), ['run', tarball, '--strict']),
      run(bin('attw'), [tarball, '--profile', 'esm-only', '--no-emoji', '--format', 'ascii']),
    ].every(Boolean)
    console.log(`${name} (${relative(root, directory)}): ${passed ? 'ok' : 'refused'}`)
    if (!passed) process.exitCode = 1
  } finally {
    rmSync(packed, { recursive: true, force: true })
  }
}

function run(command: string, args: readonly string[], cwd = root): boolean {
  const { status, stdout, stderr, error } = spawnSync(command, args, { cwd, encoding: 'utf8' })
  if (error) throw error
  if (status !== 0) console.log(`${stdout}${stderr}`)
  return status === 0
}

function bin(name: string): string {
  return join(root, 'node_modules/.bin', name)
}
