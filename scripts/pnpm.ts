/** How to run pnpm: it puts itself on the PATH of the scripts it runs; without it, npx finds the same one. */
export const pnpm: readonly [string, ...string[]] =
  process.env['npm_execpath'] === undefined ? ['npx', '-y', 'pnpm@12'] : ['pnpm']
