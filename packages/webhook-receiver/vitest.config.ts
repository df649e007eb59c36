import { defineConfig } from 'vitest/config'

export default defineConfig({
  ssr: { resolve: { conditions: ['@holdfast/source'] } },
  test: { name: 'webhook-receiver', include: ['test/**/*.test.ts'] },
})
