import { availableParallelism } from 'node:os'
import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    projects: ['packages/*/vitest.config.ts', 'test/vitest.config.ts', 'examples/vitest.config.ts'],
    // By default one core is left alone; of two that is half, while many tests wait for processes and servers of their own.
    maxWorkers: Math.max(2, availableParallelism() - 1),
  },
})
