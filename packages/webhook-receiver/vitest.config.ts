import { defineConfig } from 'vitest/config'

export default defineConfig({
  ssr: { resolve: { conditions: ['@holdfast/source'] } },
  // A limit for what hangs, not for what is slow: CI machines are shared.
  test: { name: 'webhook-receiver', include: ['test/**/*.test.ts'], testTimeout: 30_000 },
})
