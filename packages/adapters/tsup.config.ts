import { packageConfig } from '../../scripts/tsup-package.ts'
import manifest from './package.json' with { type: 'json' }

export default packageConfig(manifest, [], ['file/file-store-worker'])
