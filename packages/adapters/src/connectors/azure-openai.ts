import type { Connector } from '@holdfast/core'
import manifest from './azure-openai.json' with { type: 'json' }

/** Azure OpenAI: requests and tokens of each deployment, with resets in whole seconds. */
const azureOpenai: Connector = manifest as Connector

export default azureOpenai
