import { defineConfig } from 'vitest/config'

export default defineConfig({
  ssr: { resolve: { conditions: ['@holdfast/source'] } },
  test: {
    name: 'examples',
    include: ['*/*.test.ts'],
    testTimeout: 120_000,
    // The demo's story is told in real time: its project never shares the machine with the others.
    sequence: { groupOrder: 1 },
  },
})
