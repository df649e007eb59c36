import { defineConfig } from 'tsup'

export default defineConfig({
  entry: { index: 'src/index.ts', testing: 'src/testing/index.ts' },
  format: ['esm'],
  target: 'node22',
  clean: true,
  sourcemap: true,
  dts: { compilerOptions: { stripInternal: true } },
})
