import { defineConfig } from 'tsup'

export default defineConfig({
  entry: {
    express: 'src/express/index.ts',
    'node-http': 'src/node-http/index.ts',
    'connectors/github': 'src/connectors/github.ts',
  },
  format: ['esm'],
  target: 'node22',
  clean: true,
  sourcemap: true,
  dts: { compilerOptions: { stripInternal: true } },
})
