import { defineConfig } from 'vitest/config'

export default defineConfig({
  ssr: { resolve: { conditions: ['@holdfast/source'] } },
  test: { name: 'examples', include: ['*/*.test.ts'], testTimeout: 120_000 },
})
