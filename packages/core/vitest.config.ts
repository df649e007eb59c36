import { defineConfig } from 'vitest/config'

export default defineConfig({
  ssr: { resolve: { conditions: ['@holdfast/source'] } },
  // Files share their workers, since nothing of ours is global; without that a third of the time goes into loading modules again.
  // A limit for what hangs, not for what is slow: CI machines are shared.
  test: { name: 'core', include: ['test/**/*.test.ts'], testTimeout: 30_000, isolate: false },
})
