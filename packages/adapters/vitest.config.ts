import { defineConfig } from 'vitest/config'

export default defineConfig({
  ssr: { resolve: { conditions: ['@holdfast/source'] } },
  test: { name: 'adapters', include: ['test/**/*.test.ts'] },
})
