// Type-checks everything with both supported compilers: the workspace as a whole, then each package's sources alone, where
// `isolatedDeclarations` holds and declarations of libraries are checked too.
//
//   node scripts/typecheck.ts        both
//   node scripts/typecheck.ts 7      only that major version
import { spawnSync } from 'node:child_process'
import { globSync } from 'node:fs'
import { join } from 'node:path'
import { root } from './packages.ts'

const compilers: Readonly<Record<string, string>> = { 6: 'typescript', 7: 'typescript7' }
const wanted = process.argv.slice(2)
const projects = ['tsconfig.json', ...globSync('packages/*/tsconfig.json', { cwd: root }).sort()]

for (const major of wanted.length > 0 ? wanted : Object.keys(compilers)) {
  const compiler = compilers[major]
  if (compiler === undefined)
    throw new Error(`no compiler for ${major}; there are ${Object.keys(compilers).join(', ')}`)
  for (const project of projects) {
    const tsc = join(root, 'node_modules', compiler, 'bin', 'tsc')
    const { status } = spawnSync(process.execPath, [tsc, '--noEmit', '-p', project], { cwd: root, stdio: 'inherit' })
    if (status !== 0) {
      console.log(`TypeScript ${major} refuses ${project}`)
      process.exitCode = 1
    }
  }
}
