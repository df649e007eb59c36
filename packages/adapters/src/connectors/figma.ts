import type { Connector } from '@holdfast/core'
import manifest from './figma.json' with { type: 'json' }

/** Figma: limits by plan, seat and endpoint, of a minute or a month, whose end only `retry-after` tells. */
const figma: Connector = manifest as Connector

export default figma
