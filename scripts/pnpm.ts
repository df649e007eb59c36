/** How to run pnpm: it puts itself on the PATH of the scripts it runs; without it, npx finds the same one. */
export const pnpm: readonly [string, ...string[]] = /pnpm/.test(process.env['npm_execpath'] ?? '')
  ? ['pnpm']
  : ['npx', '-y', 'pnpm@12']
