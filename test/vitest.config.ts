import { defineConfig } from 'vitest/config'

export default defineConfig({
  ssr: { resolve: { conditions: ['@holdfast/source'] } },
  test: { name: 'test', include: ['**/*.test.ts'], testTimeout: 30_000 },
})
