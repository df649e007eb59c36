import type { Connector } from '@holdfast/core'
import manifest from './paddle.json' with { type: 'json' }

/** Paddle Billing: notifications, with several signatures while a secret is changed. */
const paddle: Connector = manifest as Connector

export default paddle
