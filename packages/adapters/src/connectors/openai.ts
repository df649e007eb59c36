import type { Connector } from '@holdfast/core'
import manifest from './openai.json' with { type: 'json' }

/** OpenAI: requests and tokens that come back evenly, and the 429s that mean that the money is used up. */
const openai: Connector = manifest as Connector

export default openai
