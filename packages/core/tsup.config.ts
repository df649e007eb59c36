import { packageConfig } from '../../scripts/tsup-package.ts'
import manifest from './package.json' with { type: 'json' }

export default packageConfig(manifest, [
  'errors/integration-error',
  'errors/classify-failure',
  'errors/classify-response',
  'events/emitter',
  'fetch/create-fetch',
  'options/check',
])
